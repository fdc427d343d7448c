/// The characters by which vocabulary files write bytes.
///
/// Bytes that Latin-1 prints are written as themselves; the other 68 as U+0100 and following, in
/// their order. So a blank is `Ġ` (U+0120) and a line feed `Ċ` (U+010A).
///
/// Source: `bytes_to_unicode` in `encoder.py` of OpenAI's GPT-2 (2019).
enum ByteAlphabet {
  /// The character of each byte.
  static let characters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (UInt8.min...UInt8.max).map { byte in
      if isPrinted(byte) { return Unicode.Scalar(byte) }
      defer { next += 1 }
      return Unicode.Scalar(next) ?? "\u{FFFD}"
    }
  }()

  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 0x200)
    for (byte, character) in characters.enumerated() {
      bytes[Int(character.value)] = UInt8(truncatingIfNeeded: byte)
    }
    return bytes
  }()

  private static func isPrinted(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
  }

  /// The text by which files write bytes.
  static func text(of bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(characters[Int(byte)]) }
    return String(text)
  }

  /// The bytes that a token's text stands for.
  ///
  /// A text with characters outside the alphabet was added to the vocabulary by hand; it stands
  /// for its own UTF-8.
  static func bytes(of text: String) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      guard scalar.value < 0x200, let byte = bytes[Int(scalar.value)] else {
        return Array(text.utf8)
      }
      result.append(byte)
    }
    return result
  }
}
