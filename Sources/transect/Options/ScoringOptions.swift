import ArgumentParser
import Checkpoints
import Evaluation
import HDF5
import Reports
import Tokenization

/// Which texts are scored, and through which windows.
struct ScoringOptions: ParsableArguments {
  @Option(
    name: .customLong("text"),
    help: "Text to score: FILE, NAME=FILE, or - for standard input; may be repeated.")
  var texts: [NamedFile] = []

  @OptionGroup var layout: TextOptions

  @Option(help: "Most tokens of a window; the model's context if not given.")
  var context: Int?

  @Option(
    help: """
      Tokens by which windows advance; the context if not given, and then the first token of each \
      later window of a document is not scored, as nothing precedes it.
      """)
  var stride: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "Put the end-of-text token before each document, so that its first token is scored.")
  var bos = true

  func validate() throws {
    guard Set(texts.map(\.name)).count == texts.count else {
      throw ValidationError("two texts have one name; give them others: --text NAME=FILE")
    }
    guard context.map({ $0 >= 2 }) ?? true else {
      throw ValidationError("--context must be at least 2")
    }
    guard stride.map({ $0 >= 1 && $0 <= context ?? .max }) ?? true else {
      throw ValidationError("--stride must be from 1 to the context")
    }
  }

  /// The texts as windows of tokens.
  ///
  /// - Parameters:
  ///   - models: their context bounds windows.
  ///   - tokenizer: makes tokens.
  /// - Returns: texts in the order given, and what they were made from.
  /// - Throws: `TokenizationError` or `CheckpointError` if a file cannot be read, or has nothing to
  ///   score; `ModelError` if a window would exceed the model's context.
  func read(
    for models: any LanguageModelFamily, _ tokenizer: ByteLevelTokenizer
  ) throws -> (texts: [ScoredText], sources: [Provenance.Input]) {
    let longest = models.contextLength
    let context = context ?? longest
    guard context <= longest else {
      throw ValidationError("--context \(context) is longer than the model's, \(longest)")
    }
    guard stride.map({ $0 <= context }) ?? true else {
      throw ValidationError("--stride must be from 1 to the context, \(context)")
    }
    var encoder = tokenizer.encoder()
    let contents = try self.texts.map { try TextInput($0.path).rest() }
    let texts = try zip(self.texts, contents).map { file, bytes in
      var (documents, ids) = (layout.documents(in: bytes, of: file.path), [[Int32]]())
      while let document = try documents.next() { ids.append(encoder.encode(document.text)) }
      let text = ScoredText(
        file.name, documents: ids, context: context, stride: stride,
        bos: bos ? tokenizer.endOfText : nil)
      guard !text.windows.isEmpty else {
        throw CheckpointError(
          .incomplete, in: file.path, "has \(ids.count) documents and no token to score")
      }
      return text
    }
    let sources = zip(self.texts, contents).map { file, bytes in
      Provenance.Input(label: file.name, role: "data", path: file.path, bytes: bytes)
    }
    return (texts, sources)
  }

  /// The options that shape a result, in a fixed order.
  func recorded(withPaths: Bool) -> [String] {
    texts.flatMap { file in
      ["--text", "\(file.name)=\(recordedPath(file.path, whole: withPaths))"]
    } + layout.recorded + windowing
  }

  /// What windows are, whatever was left to defaults, as attributes of a result.
  ///
  /// - Parameter models: their context is the default.
  /// - Returns: extents in tokens, and whether documents begin with the end-of-text token; nothing
  ///   without texts.
  func attributes(for models: any LanguageModelFamily) -> [ResultAttribute] {
    guard !texts.isEmpty else { return [] }
    let context = context ?? models.contextLength
    return [
      ResultAttribute("window_context", .int32(Int32(clamping: context))),
      ResultAttribute("window_stride", .int32(Int32(clamping: stride ?? context))),
      ResultAttribute("window_bos", .int32(bos ? 1 : 0)),
    ]
  }

  /// What cuts documents into windows.
  var windowing: [String] {
    (context.map { ["--context", "\($0)"] } ?? []) + (stride.map { ["--stride", "\($0)"] } ?? [])
      + (bos ? [] : ["--no-bos"])
  }
}

/// A file and what to call it.
struct NamedFile: ExpressibleByArgument {
  let name: String
  let path: String

  init?(argument: String) {
    var parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, parts[0].contains("/") { parts = [argument[...]] }
    guard let last = parts.last, !last.isEmpty, !parts[0].isEmpty else { return nil }
    path = String(last)
    name = parts.count == 2 ? String(parts[0]) : NamedFile.stem(of: path)
  }

  private static func stem(of path: String) -> String {
    let name = baseName(path)
    return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
  }
}

extension TextOptions {
  /// The options that shape a result, in a fixed order.
  var recorded: [String] {
    (field.map { ["--field", $0] } ?? []) + (lines ? ["--lines"] : [])
      + (trees ? ["--trees"] : [])
  }
}
