/// The name of a tensor in its state dict, compared byte by byte.
///
/// Swift calls two strings equal if they are canonically equivalent (`e` + accent and `é`);
/// a checkpoint may hold both, as different tensors. So names are equal only if their UTF-8 is.
public struct TensorName: Hashable, Comparable, Sendable, CustomStringConvertible,
  ExpressibleByStringLiteral
{
  /// The name as text.
  public let text: String

  /// Creates a name from text.
  ///
  /// - Parameter text: any Unicode text, also empty.
  public init(_ text: String) { self.text = text }

  /// Creates a name from a literal.
  ///
  /// - Parameter value: the literal.
  public init(stringLiteral value: String) { text = value }

  /// Byte-wise equality.
  public static func == (left: TensorName, right: TensorName) -> Bool {
    let (left, right) = (left.text.utf8Span.span, right.text.utf8Span.span)
    guard left.count == right.count else { return false }
    for position in left.indices where left[position] != right[position] { return false }
    return true
  }

  /// Order of the UTF-8 bytes.
  public static func < (left: TensorName, right: TensorName) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  /// Hashes the UTF-8 bytes.
  ///
  /// - Parameter hasher: takes them.
  public func hash(into hasher: inout Hasher) {
    text.utf8Span.span.bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
  }

  /// The name, safe to print: see ``Swift/String/escapedForTerminal``.
  public var description: String { text.escapedForTerminal }
}

extension String {
  /// Whether the text is nothing but ASCII characters from blank to tilde: each is one byte, one
  /// character and one column of a terminal.
  public var isPrintableASCII: Bool {
    let bytes = utf8Span.span
    for position in bytes.indices where bytes[position] < 0x20 || bytes[position] > 0x7E {
      return false
    }
    return true
  }

  /// The text with control characters, bidirectional overrides and the like written as
  /// `\u{..}`, so that a hostile name cannot steer a terminal or hide part of itself.
  public var escapedForTerminal: String {
    guard !isPrintableASCII, unicodeScalars.contains(where: \.isUnprintable) else { return self }
    var (text, start) = ("", startIndex)
    for index in unicodeScalars.indices where unicodeScalars[index].isUnprintable {
      let digits = String(unicodeScalars[index].value, radix: 16, uppercase: true)
      text += self[start..<index] + "\\u{" + digits + "}"
      start = unicodeScalars.index(after: index)
    }
    return text + self[start...]
  }
}

extension Unicode.Scalar {
  fileprivate var isUnprintable: Bool {
    if isASCII { return value < 0x20 || value == 0x7F }
    return switch properties.generalCategory {
    case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}

extension TensorName: Codable {
  /// Reads the text.
  ///
  /// - Parameter decoder: of a text.
  /// - Throws: `DecodingError` if there is none.
  public init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }

  /// Writes the text.
  ///
  /// - Parameter encoder: takes it.
  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
