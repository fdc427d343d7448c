import JSON

/// What is wrong with a vocabulary, a text or a list of tokens, and in which file.
public struct TokenizationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of fault, to branch on.
  public enum Reason: Hashable, Sendable {
    /// Bytes that break the rules of their format.
    case malformed
    /// Parts that do not agree: a token or an id that appears twice, an id without a token, a
    /// merge of tokens that the vocabulary does not have.
    case inconsistent
    /// A valid tokenizer of a kind that is not GPT-2's.
    case unsupported
    /// A document or a line that is longer than memory is granted for.
    case tooLong
    /// An id that the vocabulary does not have.
    case unknownToken
  }

  /// The kind of fault.
  public let reason: Reason
  /// The file at fault.
  public let path: String
  /// The line at fault, counted from 1, or `nil` when it is the file itself.
  public let line: Int?
  /// What was found, and what it should have been. It may quote any text of the file.
  public let detail: String

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - reason: the kind of fault.
  ///   - path: the file at fault.
  ///   - line: the line at fault, counted from 1, if it is one.
  ///   - detail: what was found, and what it should have been.
  public init(_ reason: Reason, in path: String, line: Int? = nil, _ detail: String) {
    (self.reason, self.path, self.line, self.detail) = (reason, path, line, detail)
  }

  /// One line for a person: place, what was found, what it should have been. Control characters of a
  /// text that it quotes are escaped as in JSON, and what is no line to read is cut.
  public var description: String {
    path + (line.map { ": line \($0)" } ?? "") + ": " + TokenizationError.oneLine(detail)
  }

  private static let shownLength = 600

  private static func oneLine(_ text: String) -> String {
    let isShort = text.utf8.count <= shownLength
    let shown =
      isShort
      ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(shownLength))) + "..."
    let isPlain = shown.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    return isPlain ? shown : String(jsonString(shown).dropFirst().dropLast())
  }
}
