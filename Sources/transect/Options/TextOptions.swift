import ArgumentParser
import Tokenization

/// How text files hold documents.
struct TextOptions: ParsableArguments {
  @Option(
    help: "Where the text of a JSON line is: a member, or prompt.text for a member of a member.")
  var field: String?

  @Flag(help: "A document a line, instead of one a file.")
  var lines = false

  @Flag(help: "A labelled tree a line, as the Stanford Sentiment Treebank has them.")
  var trees = false

  func validate() throws {
    guard [field != nil, lines, trees].filter({ $0 }).count <= 1 else {
      throw ValidationError("--field, --lines and --trees exclude each other")
    }
  }

  /// The documents of a file: JSON lines with a member `text` if it ends in .jsonl, else one.
  ///
  /// - Parameter argument: the file, or `-` for standard input.
  /// - Returns: them, to be pulled.
  /// - Throws: `CheckpointError` if it cannot be opened.
  func documents(of argument: String) throws -> TextDocuments {
    let input = try TextInput(argument)
    return TextDocuments(layout(of: argument), path: input.path) { try input.chunk() }
  }

  /// The documents in the content of a file.
  ///
  /// - Parameters:
  ///   - bytes: all that it holds.
  ///   - argument: the file, or `-` for standard input.
  /// - Returns: them, to be pulled.
  func documents(in bytes: [UInt8], of argument: String) -> TextDocuments {
    var rest = bytes
    return TextDocuments(layout(of: argument), path: argument) {
      defer { rest = [] }
      return rest
    }
  }

  private func layout(of argument: String) -> TextLayout {
    if lines { return .lines }
    if trees { return .trees }
    if let field { return .jsonLines(field: field) }
    return argument.hasSuffix(".jsonl") ? .jsonLines(field: "text") : .whole
  }
}
