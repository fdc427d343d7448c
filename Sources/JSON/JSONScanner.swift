/// Reads JSON strictly, byte by byte, in one pass and without building a tree.
///
/// A general decoder is wrong for checkpoint headers: Foundation's keeps the first of two equal
/// keys where other readers keep the last, takes canonically equivalent names for one, and takes
/// `1.0` for an integer. Here keys are compared by their bytes and callers see every one.
///
/// Source: RFC 8259.
package struct JSONScanner {
  /// What is wrong with the text, and at which byte.
  package struct Fault: Error {
    /// What was found, and what it should have been.
    package let detail: String
    /// Bytes before the place.
    package let offset: Int
  }

  private let bytes: [UInt8]
  /// Bytes that have been read.
  package private(set) var offset = 0
  private static let depthLimit = 64

  /// Begins at the first byte.
  ///
  /// - Parameter bytes: the whole text; that it is UTF-8 is checked within strings.
  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether only blanks are left.
  package mutating func isAtEnd() -> Bool {
    skipBlanks()
    return offset == bytes.count
  }

  /// The next significant byte, not consumed.
  package mutating func peek() -> UInt8? {
    skipBlanks()
    return offset < bytes.count ? bytes[offset] : nil
  }

  /// The fault that the next byte begins.
  package func fault(_ detail: String) -> Fault { Fault(detail: detail, offset: offset) }

  /// Reads `{...}`, calling `member` with each key; `member` reads the value.
  package mutating func object(_ member: (inout JSONScanner, String) throws -> Void) throws {
    try sequence(from: "{", to: "}") { scanner in
      let key = try scanner.string()
      try scanner.take(":")
      try member(&scanner, key)
    }
  }

  /// Reads `[...]`, calling `element` at each value, which it reads.
  package mutating func array(_ element: (inout JSONScanner) throws -> Void) throws {
    try sequence(from: "[", to: "]", element)
  }

  private mutating func sequence(
    from opening: Unicode.Scalar, to closing: Unicode.Scalar,
    _ item: (inout JSONScanner) throws -> Void
  ) throws {
    try take(opening)
    if peek() == UInt8(ascii: closing) {
      offset += 1
      return
    }
    while true {
      try item(&self)
      if peek() == UInt8(ascii: ",") {
        offset += 1
      } else {
        return try take(closing)
      }
    }
  }

  /// Reads an integer that is not negative and has neither fraction nor exponent.
  package mutating func count() throws -> Int {
    guard let first = peek(), isDigit(first) else {
      throw fault("expected an integer that is not negative")
    }
    let start = offset
    var value = 0
    while offset < bytes.count, isDigit(bytes[offset]) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(bytes[offset] - UInt8(ascii: "0")))
      guard !overflow, !carry else { throw fault("expected an integer below 2^63") }
      value = sum
      offset += 1
    }
    if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") || isExponentMark(bytes[offset]) {
      throw fault("expected an integer, found a fraction")
    }
    guard first != UInt8(ascii: "0") || offset - start == 1 else {
      throw fault("a number with a leading zero")
    }
    return value
  }

  /// Reads `null` if it comes next.
  package mutating func null() -> Bool { literal("null") }

  private mutating func literal(_ text: StaticString) -> Bool {
    skipBlanks()
    let end = offset + text.utf8CodeUnitCount
    guard end <= bytes.count,
      UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        .elementsEqual(bytes[offset..<end])
    else { return false }
    offset = end
    return true
  }

  /// Reads the one value of a text.
  ///
  /// - Throws: ``Fault`` for what `body` finds at fault and for anything that follows the value;
  ///   any other error of `body`.
  package static func read(
    _ bytes: [UInt8], _ body: (inout JSONScanner) throws -> Void
  ) throws {
    var scanner = JSONScanner(bytes)
    try body(&scanner)
    guard scanner.isAtEnd() else { throw scanner.fault("something follows the value") }
  }

  /// Reads any value and gives its text.
  package mutating func valueText() throws -> String {
    _ = peek()
    let start = offset
    try skipValue()
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  /// Reads any value without keeping it.
  package mutating func skipValue(depth: Int = 0) throws {
    guard depth < JSONScanner.depthLimit else { throw fault("nested too deeply") }
    switch peek() {
    case UInt8(ascii: "{"): try object { scanner, _ in try scanner.skipValue(depth: depth + 1) }
    case UInt8(ascii: "["): try array { try $0.skipValue(depth: depth + 1) }
    case UInt8(ascii: "\""): _ = try string()
    default: try skipScalar()
    }
  }

  private mutating func skipScalar() throws {
    if literal("true") || literal("false") || literal("null") { return }
    let start = offset
    if peek() == UInt8(ascii: "-") { offset += 1 }
    let firstDigit = offset
    skipDigits()
    guard offset > firstDigit else { throw fault("expected a value") }
    guard bytes[firstDigit] != UInt8(ascii: "0") || offset == firstDigit + 1 else {
      offset = start
      throw fault("a number with a leading zero")
    }
    try skipFraction()
  }

  private mutating func skipFraction() throws {
    if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
      offset += 1
      try requireDigits()
    }
    if offset < bytes.count, isExponentMark(bytes[offset]) {
      offset += 1
      if offset < bytes.count, bytes[offset] == 0x2B || bytes[offset] == 0x2D { offset += 1 }
      try requireDigits()
    }
  }

  private mutating func requireDigits() throws {
    let start = offset
    skipDigits()
    if offset == start { throw fault("expected a digit") }
  }

  private mutating func skipDigits() {
    while offset < bytes.count, isDigit(bytes[offset]) { offset += 1 }
  }

  /// Reads a string: valid UTF-8, escapes resolved, no lone surrogates.
  package mutating func string() throws -> String {
    try take("\"")
    let start = offset
    while offset < bytes.count, bytes[offset] >= 0x20, bytes[offset] != UInt8(ascii: "\""),
      bytes[offset] != UInt8(ascii: "\\")
    {
      offset += 1
    }
    guard offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") else {
      return try text(bytes[start..<offset])
    }
    var content = Array(bytes[start..<offset])
    while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") {
      try appendCharacter(to: &content)
    }
    return try text(content[...])
  }

  private mutating func text(_ content: ArraySlice<UInt8>) throws -> String {
    guard offset < bytes.count else { throw fault("the text ends inside a string") }
    do {
      let text = String(copying: try UTF8Span(validating: content.span))
      offset += 1
      return text
    } catch {
      throw fault("a string that is not valid UTF-8")
    }
  }

  private mutating func appendCharacter(to content: inout [UInt8]) throws {
    let byte = bytes[offset]
    guard byte >= 0x20 else { throw fault("a control character inside a string") }
    offset += 1
    guard byte == UInt8(ascii: "\\") else { return content.append(byte) }
    guard offset < bytes.count else { throw fault("the text ends inside a string") }
    let escape = bytes[offset]
    offset += 1
    switch escape {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(escape)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"): content.append(contentsOf: UTF8.encode(try escapedScalar()) ?? .init())
    default: throw fault("an unknown escape in a string")
    }
  }

  private mutating func escapedScalar() throws -> Unicode.Scalar {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, literalEscape(), case let second = try hexadecimal(),
      (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw fault("a lone surrogate in a string") }
    return scalar
  }

  private mutating func literalEscape() -> Bool {
    guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
      bytes[offset + 1] == UInt8(ascii: "u")
    else { return false }
    offset += 2
    return true
  }

  private mutating func hexadecimal() throws -> UInt32 {
    var value: UInt32 = 0
    for position in offset..<offset + 4 {
      guard position < bytes.count, let digit = hexadecimalDigit(bytes[position]) else {
        throw fault("a \\u escape without four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
    }
    offset += 4
    return value
  }

  private mutating func take(_ expected: Unicode.Scalar) throws {
    guard peek() == UInt8(ascii: expected) else { throw fault("expected '\(expected)'") }
    offset += 1
  }

  private mutating func skipBlanks() {
    while offset < bytes.count, isBlank(bytes[offset]) { offset += 1 }
  }
}

private func isBlank(_ byte: UInt8) -> Bool {
  byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
}

private func isDigit(_ byte: UInt8) -> Bool {
  byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
}

private func isExponentMark(_ byte: UInt8) -> Bool { byte | 0x20 == UInt8(ascii: "e") }

private func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
