/// One text, as bytes, and where it begins.
public struct TextDocument: Hashable, Sendable {
  /// The text, which need not be valid UTF-8.
  public let text: [UInt8]
  /// The line of the file it is from or begins on, from 1.
  public let line: Int

  /// Creates a document.
  ///
  /// - Parameters:
  ///   - text: its bytes.
  ///   - line: where it is in its file, from 1.
  public init(text: [UInt8], line: Int) { (self.text, self.line) = (text, line) }
}

/// How a file holds documents.
public enum TextLayout: Hashable, Sendable {
  /// The whole file is one, whatever bytes it has.
  case whole
  /// A document a line, without its end (LF or CRLF). An empty line is an empty document.
  case lines
  /// A JSON object a line; the text is a member, or a member of a member: `prompt.text`. Lines of
  /// nothing but blanks are passed over.
  case jsonLines(field: String)
  /// A labelled tree a line, as the Stanford Sentiment Treebank has them; the text is its words
  /// with blanks between. Lines of nothing but blanks are passed over.
  case trees
}

/// Documents from a stream of bytes, one at a time.
///
/// Memory is that of the largest document and one chunk of the stream; where chunks begin and end
/// does not matter.
public struct TextDocuments {
  private let layout: TextLayout
  private let path: String
  private var lines: LineReader
  private var isAtEnd = false

  /// Begins at the start of a stream.
  ///
  /// - Parameters:
  ///   - layout: how the stream holds documents.
  ///   - path: the file, for messages.
  ///   - byteLimit: the most bytes that a document, or the line that holds it, may have.
  ///   - read: gives the next bytes, none at the end.
  public init(
    _ layout: TextLayout, path: String, byteLimit: Int = 1 << 27,
    read: @escaping () throws -> [UInt8]
  ) {
    (self.layout, self.path) = (layout, path)
    lines = LineReader(path: path, byteLimit: byteLimit, read: read)
  }

  /// The next document.
  ///
  /// - Returns: the document, or `nil` at the end.
  /// - Throws: ``TokenizationError`` naming the line, if a document is malformed or larger than
  ///   granted; what reading throws.
  public mutating func next() throws -> TextDocument? {
    guard layout != .whole else { return try whole() }
    while let line = try lines.next() {
      if let text = try text(of: line) { return TextDocument(text: text, line: lines.number) }
    }
    return nil
  }

  private mutating func whole() throws -> TextDocument? {
    guard !isAtEnd else { return nil }
    isAtEnd = true
    return TextDocument(text: try lines.rest(), line: 1)
  }

  private func text(of line: [UInt8]) throws -> [UInt8]? {
    if case .lines = layout { return line.last == UInt8(ascii: "\r") ? line.dropLast() : line }
    guard !line.allSatisfy(isBlank) else { return nil }
    guard case .jsonLines(let field) = layout else {
      return try LabelledTree.words(of: line, path: path, line: lines.number)
    }
    return try JSONField(field).text(in: line, path: path, line: lines.number)
  }
}

/// Whether a byte is a blank, a tab or part of a line's end.
package func isBlank(_ byte: UInt8) -> Bool {
  byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
}

extension [UInt8] {
  fileprivate func dropLast() -> [UInt8] { Array(self[..<(count - 1)]) }
}
