import ArgumentParser
import Tokenization

/// How text files hold documents.
struct TextOptions: ParsableArguments {
  @Option(
    help: "Where the text of a JSON line is: a member, or prompt.text for a member of a member.")
  var field: String?

  @Flag(help: "Each line is a document, whatever the name of the file.")
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

  /// The documents of a file that was read.
  ///
  /// - Parameters:
  ///   - bytes: all of it.
  ///   - argument: as it was named.
  ///   - plain: how a file that ends in .txt holds them, if no option says.
  /// - Returns: them, to be pulled.
  func documents(
    in bytes: [UInt8], of argument: String, plain: TextLayout = .whole
  ) -> TextDocuments {
    transect.documents(layout(of: argument, plain: plain), in: bytes, of: argument)
  }

  private func layout(of argument: String, plain: TextLayout = .whole) -> TextLayout {
    if lines { return .lines }
    if trees { return .trees }
    if let field { return .jsonLines(field: field) }
    if argument.hasSuffix(".jsonl") { return .jsonLines(field: "text") }
    return argument.hasSuffix(".txt") ? plain : .whole
  }
}

/// The documents of a file that was read.
///
/// - Parameters:
///   - layout: how it holds them.
///   - bytes: all of it.
///   - argument: as it was named.
/// - Returns: them, to be pulled.
func documents(_ layout: TextLayout, in bytes: [UInt8], of argument: String) -> TextDocuments {
  var rest: [UInt8]? = bytes
  return TextDocuments(layout, path: argument) {
    defer { rest = nil }
    return rest ?? []
  }
}
