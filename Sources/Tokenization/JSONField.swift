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
  /// - Throws: ``TokenizationError`` if the line is no JSON object, lacks the field or has it twice,
  ///   or if the field is no text.
  func text(in bytes: [UInt8], path file: String, line: Int) throws -> [UInt8] {
    var found: [UInt8]?
    try readJSON(bytes, path: file, line: line) { try find(names[...], in: &$0, &found) }
    guard let found else {
      throw TokenizationError(
        .malformed, in: file, line: line, "has no member \(jsonString(path))")
    }
    return found
  }

  private func find(
    _ rest: ArraySlice<Substring>, in scanner: inout JSONScanner, _ found: inout [UInt8]?
  ) throws {
    guard let name = rest.first else {
      guard found == nil else { throw scanner.fault("member \(jsonString(path)) appears twice") }
      guard scanner.peek() == UInt8(ascii: "\"") else {
        throw scanner.fault("member \(jsonString(path)) is not a text")
      }
      return found = Array(try scanner.string().utf8)
    }
    try scanner.object { scanner, member in
      guard member.utf8.elementsEqual(name.utf8) else { return try scanner.skipValue() }
      try find(rest.dropFirst(), in: &scanner, &found)
    }
  }
}
