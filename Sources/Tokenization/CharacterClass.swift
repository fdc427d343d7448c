/// What GPT-2's word rule tells apart among characters.
enum CharacterClass: UInt8, Sendable {
  /// Unicode's general categories Lu, Ll, Lt, Lm and Lo: `\p{L}`.
  case letter
  /// Nd, Nl and No: `\p{N}`.
  case number
  /// The property White_Space: `\s`.
  case whitespace
  /// All else, bytes that are not UTF-8 among it.
  case other

  /// The class of an ASCII character.
  @inline(__always)
  static func ofASCII(_ byte: UInt8) -> CharacterClass {
    if (byte | 0x20) &- 0x61 < 26 { return .letter }
    if byte == 0x20 || byte &- 0x09 < 5 { return .whitespace }
    return byte &- 0x30 < 10 ? .number : .other
  }

  /// The class of any character, by the Unicode version of Swift's library.
  init(_ scalar: Unicode.Scalar) {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      self = .letter
    case .decimalNumber, .letterNumber, .otherNumber: self = .number
    default: self = scalar.properties.isWhitespace ? .whitespace : .other
    }
  }

  /// The classes of U+0000 to U+FFFF, since asking for properties takes longer than all the rest.
  private static let basicPlane: [CharacterClass] = (0..<0x1_0000).map { value in
    Unicode.Scalar(value as UInt32).map { CharacterClass($0) } ?? .other
  }

  /// The class of a code point that UTF-8 can encode.
  static func of(_ value: UInt32) -> CharacterClass {
    if value < 0x1_0000 { return basicPlane[Int(value)] }
    return Unicode.Scalar(value).map { CharacterClass($0) } ?? .other
  }
}
