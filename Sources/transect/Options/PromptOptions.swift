import ArgumentParser
import Checkpoints
import Reports
import Tokenization

/// What texts are to follow.
struct PromptOptions: ParsableArguments {
  @Option(help: "The text before.")
  var prompt: String?

  @Option(help: "A file of prompts, or - for standard input; see --field and --lines.")
  var prompts = "-"

  @OptionGroup var layout: TextOptions

  @Flag(
    inversion: .prefixedNo,
    help: "Put the end-of-text token before each prompt. An empty one always becomes it.")
  var bos = true

  func validate() throws {
    guard prompt == nil || prompts == "-" else {
      throw ValidationError("--prompt and --prompts exclude each other")
    }
  }

  /// Reads the prompts.
  ///
  /// - Returns: their texts, and what they were read from, if it is a file.
  /// - Throws: `CheckpointError` or `TokenizationError` if they cannot be read.
  func read() throws -> (texts: [[UInt8]], source: Provenance.Input?) {
    if let prompt { return ([Array(prompt.utf8)], nil) }
    let bytes = try TextInput(prompts).rest()
    var (documents, texts) = (layout.documents(in: bytes, of: prompts), [[UInt8]]())
    while let document = try documents.next() { texts.append(document.text) }
    return (texts, Provenance.Input(label: "prompts", role: "data", path: prompts, bytes: bytes))
  }

  /// The tokens of prompts.
  func tokens(_ texts: [[UInt8]], _ tokenizer: ByteLevelTokenizer) -> [[Int32]] {
    var encoder = tokenizer.encoder()
    let start = bos ? tokenizer.endOfText.map { [$0] } ?? [] : []
    return texts.map { start + encoder.encode($0) }
  }

  /// The options that shape a result, in a fixed order.
  func recorded(withPaths: Bool) -> [String] {
    (prompt.map { ["--prompt", $0] } ?? ["--prompts", recordedPath(prompts, whole: withPaths)])
      + layout.recorded + (bos ? [] : ["--no-bos"])
  }
}
