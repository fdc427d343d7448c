/// A text and the name or number of its class.
public struct LabelledDocument: Hashable, Sendable {
  /// The text, as bytes that need not be valid UTF-8.
  public let text: [UInt8]
  /// The class, as the file writes it.
  public let label: String
  /// The line of the file it is on, from 1.
  public let line: Int
}

/// How a file holds texts with classes; lines of nothing but blanks are passed over.
public enum LabelledLayout: Hashable, Sendable {
  /// A JSON object a line; text and class are members, or members of members: `prompt.text`. The class
  /// is a text or a number.
  case jsonLines(text: String, label: String)
  /// Columns with tabs between, without a heading; numbers are from 1.
  case tabSeparated(text: Int, label: Int)
  /// A labelled tree a line, as the Stanford Sentiment Treebank has them: its sentence, or every one of
  /// its phrases.
  case trees(phrases: Bool)
}

/// Texts with classes from a stream of bytes.
///
/// Memory is that of the largest line and one chunk of the stream.
public struct LabelledDocuments {
  private let layout: LabelledLayout
  private let path: String
  private var lines: LineReader

  /// Begins at the start of a stream.
  ///
  /// - Parameters:
  ///   - layout: how the stream holds texts.
  ///   - path: the file, for messages.
  ///   - byteLimit: the most bytes that a line may have.
  ///   - read: gives the next bytes, none at the end.
  public init(
    _ layout: LabelledLayout, path: String, byteLimit: Int = 1 << 27,
    read: @escaping () throws -> [UInt8]
  ) {
    (self.layout, self.path) = (layout, path)
    lines = LineReader(path: path, byteLimit: byteLimit, read: read)
  }

  /// The texts of the next line.
  ///
  /// - Returns: at least one, or `nil` at the end.
  /// - Throws: ``TokenizationError`` naming the line, if it is malformed or larger than granted; what
  ///   reading throws.
  public mutating func next() throws -> [LabelledDocument]? {
    while let line = try lines.next() {
      guard !line.allSatisfy(isBlank) else { continue }
      return try documents(of: line)
    }
    return nil
  }

  private func documents(of line: [UInt8]) throws -> [LabelledDocument] {
    switch layout {
    case .jsonLines(let text, let label):
      return [
        LabelledDocument(
          text: try JSONField(text).text(in: line, path: path, line: lines.number),
          label: try JSONField(label).label(in: line, path: path, line: lines.number),
          line: lines.number)
      ]
    case .tabSeparated(let text, let label):
      return [try columns(of: line, text: text, label: label)]
    case .trees(let phrases):
      let nodes = try LabelledTree.nodes(of: line, path: path, line: lines.number)
      return (phrases ? nodes[...] : nodes.suffix(1)).map {
        LabelledDocument(text: $0.text, label: $0.label, line: lines.number)
      }
    }
  }

  private func columns(of line: [UInt8], text: Int, label: Int) throws -> LabelledDocument {
    let end = line.last == UInt8(ascii: "\r") ? line.count - 1 : line.count
    let columns = line[..<end].split(
      separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
    guard max(text, label) <= columns.count else {
      throw TokenizationError(
        .malformed, in: path, line: lines.number,
        "has \(columns.count) columns, and no column \(max(text, label))")
    }
    return LabelledDocument(
      text: Array(columns[text - 1]), label: String(decoding: columns[label - 1], as: UTF8.self),
      line: lines.number)
  }
}
