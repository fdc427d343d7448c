/// Cuts text into the words within which bytes are merged, by GPT-2's rule:
///
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// Words cover the text without a gap. A byte that is not part of valid UTF-8 counts as a character
/// of its own that is neither letter, number nor white space.
///
/// - Complexity: O(bytes); nothing is allocated.
///
/// Source: `Encoder.pat` in `encoder.py` of OpenAI's GPT-2 (2019).
struct WordScanner {
  private let text: UnsafeBufferPointer<UInt8>
  private var position = 0

  /// Begins at the first byte; the text must outlive the scanner.
  init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

  /// The next word, or `nil` at the end.
  @inline(__always)
  mutating func next() -> Range<Int>? {
    let start = position
    guard start < text.count else { return nil }
    position = endOfWord(from: start)
    return start..<position
  }

  @inline(__always)
  private func endOfWord(from start: Int) -> Int {
    let byte = text[start]
    if byte == UInt8(ascii: "'"), let end = endOfContraction(from: start) { return end }
    let first = byte == UInt8(ascii: " ") && start + 1 < text.count ? start + 1 : start
    let (kind, length) = character(at: first)
    return kind == .whitespace ? endOfBlanks(from: start) : endOfRun(of: kind, from: first + length)
  }

  /// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d`.
  private func endOfContraction(from start: Int) -> Int? {
    guard start + 1 < text.count else { return nil }
    switch text[start + 1] {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return start + 2 < text.count && text[start + 2] == UInt8(ascii: "e") ? start + 3 : nil
    case UInt8(ascii: "l"):
      return start + 2 < text.count && text[start + 2] == UInt8(ascii: "l") ? start + 3 : nil
    default: return nil
    }
  }

  /// The first place from `start` on where a character of another class begins.
  @inline(__always)
  private func endOfRun(of kind: CharacterClass, from start: Int) -> Int {
    var end = start
    while end < text.count {
      let (next, length) = character(at: end)
      guard next == kind else { break }
      end &+= length
    }
    return end
  }

  /// The end of white space: its last character is left to the word that follows, unless it is the
  /// only one.
  private func endOfBlanks(from start: Int) -> Int {
    var (last, end) = (start, start)
    while end < text.count {
      let (kind, length) = character(at: end)
      guard kind == .whitespace else { return last > start ? last : end }
      last = end
      end &+= length
    }
    return end
  }

  /// The class of the character at a place, and its bytes.
  @inline(__always)
  private func character(at position: Int) -> (kind: CharacterClass, length: Int) {
    let byte = text[position]
    return byte < 0x80 ? (.ofASCII(byte), 1) : longCharacter(at: position)
  }

  private func longCharacter(at position: Int) -> (kind: CharacterClass, length: Int) {
    guard let length = UTF8Sequence.length(lead: text[position]), position + length <= text.count,
      let value = UTF8Sequence.value(text[position..<position + length])
    else { return (.other, 1) }
    return (.of(value), length)
  }
}

extension WordScanner {
  /// The next run of characters that are no white space, or `nil` at the end.
  mutating func nextRun() -> Range<Int>? {
    let start = endOfRun(of: .whitespace, from: position)
    position = start
    while position < text.count {
      let (kind, length) = character(at: position)
      guard kind != .whitespace else { break }
      position &+= length
    }
    return start < position ? start..<position : nil
  }
}

/// The form of well-formed UTF-8 beyond ASCII.
///
/// Source: The Unicode Standard, section 3.9, table 3-7.
private enum UTF8Sequence {
  /// How many bytes a sequence has that begins with a byte, if one can.
  static func length(lead: UInt8) -> Int? {
    switch lead {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: nil
    }
  }

  /// The code point of a sequence, or `nil` if it is not well-formed.
  static func value(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> UInt32? {
    let lead = bytes[bytes.startIndex]
    var value = UInt32(lead & (0x7F &>> UInt8(truncatingIfNeeded: bytes.count)))
    for byte in bytes.dropFirst() {
      guard byte & 0xC0 == 0x80 else { return nil }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    let least: UInt32 = bytes.count == 2 ? 0x80 : bytes.count == 3 ? 0x800 : 0x1_0000
    return value >= least && value <= 0x10_FFFF && !(0xD800...0xDFFF).contains(value) ? value : nil
  }
}
