import JSON

/// Where in a JSON object a text is: the names of members, from the outside in.
struct JSONField {
  private let names: [Substring]
  private let path: String

  /// A field by its names with dots between, such as `prompt.text`.
  init(_ path: String) {
    self.path = path
    names = path.split(separator: ".", omittingEmptySubsequences: false)
  }

  /// The text of the field.
  ///
  /// - Throws: ``TokenizationError`` if the line is no JSON object, lacks the field or has it
  ///   twice, or if the field is no text.
  func text(in bytes: [UInt8], path file: String, line: Int) throws -> [UInt8] {
    try Array(value(in: bytes, path: file, line: line, orNumber: false).utf8)
  }

  /// The text of the field, or its number as it is written.
  ///
  /// - Throws: ``TokenizationError`` if the line is no JSON object, lacks the field or has it
  ///   twice, or if the field is neither text nor number.
  func label(in bytes: [UInt8], path file: String, line: Int) throws -> String {
    try value(in: bytes, path: file, line: line, orNumber: true)
  }

  private func value(
    in bytes: [UInt8], path file: String, line: Int, orNumber: Bool
  ) throws -> String {
    var found: String?
    try readJSON(bytes, path: file, line: line) { scanner in
      try find(names[...], in: &scanner) { scanner in
        guard found == nil else { throw scanner.fault("member \(jsonString(path)) appears twice") }
        found = try read(&scanner, orNumber: orNumber)
      }
    }
    guard let found else {
      throw TokenizationError(
        .malformed, in: file, line: line, "has no member \(jsonString(path))")
    }
    return found
  }

  private func read(_ scanner: inout JSONScanner, orNumber: Bool) throws -> String {
    if scanner.peek() == UInt8(ascii: "\"") { return try scanner.string() }
    let isNumber = scanner.peek().map { $0 == UInt8(ascii: "-") || 0x30...0x39 ~= $0 } ?? false
    guard orNumber, isNumber else {
      throw scanner.fault(
        "member \(jsonString(path)) is not a text\(orNumber ? " or a number" : "")")
    }
    return try scanner.valueText()
  }

  private func find(
    _ rest: ArraySlice<Substring>, in scanner: inout JSONScanner,
    _ body: (inout JSONScanner) throws -> Void
  ) throws {
    guard let name = rest.first else { return try body(&scanner) }
    try scanner.object { scanner, member in
      guard member.utf8.elementsEqual(name.utf8) else { return try scanner.skipValue() }
      try find(rest.dropFirst(), in: &scanner, body)
    }
  }
}
