import ArgumentParser
import Checkpoints

/// What texts are to follow.
struct PromptOptions: ParsableArguments {
  @Option(help: "The text before.")
  var prompt: String?

  @Option(
    help: """
      A file of prompts, or - for standard input; see --field and --lines. One that ends in .txt has \
      a prompt a line.
      """)
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
  /// - Returns: the prompts.
  /// - Throws: `CheckpointError` or `TokenizationError` if they cannot be read.
  func read() throws -> ReadPrompts {
    if let prompt { return ReadPrompts(option: prompt) }
    return try ReadPrompts(of: prompts) { layout.documents(in: $0, of: prompts, plain: .lines) }
  }

  /// The options that shape a result, in a fixed order.
  func recorded(withPaths: Bool) -> [String] {
    (prompt.map { ["--prompt", $0] } ?? ["--prompts", recordedPath(prompts, whole: withPaths)])
      + layout.recorded + (bos ? [] : ["--no-bos"])
  }
}
