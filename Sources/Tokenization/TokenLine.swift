import JSON

/// Tokens of one document as a line of JSON: `{"ids": [464, 3290]}`.
public enum TokenLine {
  /// Appends the line of some ids, with its end.
  ///
  /// - Parameters:
  ///   - ids: of one document.
  ///   - output: takes the bytes.
  public static func append(_ ids: [Int32], to output: inout [UInt8]) {
    output += "{\"ids\": [".utf8
    append(ids, separator: ", ", to: &output)
    output += "]}\n".utf8
  }

  /// Appends ids in decimal.
  ///
  /// - Parameters:
  ///   - ids: of one document.
  ///   - separator: goes between two.
  ///   - output: takes the bytes.
  public static func append(_ ids: [Int32], separator: StaticString, to output: inout [UInt8]) {
    let between = UnsafeBufferPointer(
      start: separator.utf8Start, count: separator.utf8CodeUnitCount)
    for (index, id) in ids.enumerated() {
      if index > 0 { output += between }
      appendDecimal(id, to: &output)
    }
  }

  private static func appendDecimal(_ id: Int32, to output: inout [UInt8]) {
    if id < 0 { output.append(UInt8(ascii: "-")) }
    var (rest, first) = (id.magnitude, output.count)
    repeat {
      output.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    var last = output.count - 1
    while first < last {
      output.swapAt(first, last)
      (first, last) = (first + 1, last - 1)
    }
  }

  /// Reads the member `ids` of a line; other members are passed over.
  ///
  /// - Parameters:
  ///   - text: the line, without its end.
  ///   - path: the file it is from.
  ///   - line: its number, from 1.
  /// - Returns: the ids.
  /// - Throws: ``TokenizationError`` if the line is no object with an array `ids` of integers from
  ///   0 and below 2^31.
  public static func ids(in text: [UInt8], path: String, line: Int) throws -> [Int32] {
    var found: [Int32]?
    try readJSON(text, path: path, line: line) { scanner in
      try scanner.object { scanner, member in
        guard member == "ids" else { return try scanner.skipValue() }
        guard found == nil else { throw scanner.fault("ids appears twice") }
        var ids: [Int32] = []
        try scanner.array { scanner in
          guard let id = Int32(exactly: try scanner.count()) else {
            throw scanner.fault("expected an integer below 2^31")
          }
          ids.append(id)
        }
        found = ids
      }
    }
    guard let found else {
      throw TokenizationError(.malformed, in: path, line: line, "has no member 'ids'")
    }
    return found
  }
}
