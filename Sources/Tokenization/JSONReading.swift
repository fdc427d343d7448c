import JSON

/// Reads one JSON value, and names the place of what is wrong with it.
///
/// - Parameters:
///   - bytes: the text of the value.
///   - path: the file it is from.
///   - line: the line it is on, if the file has one on each line.
///   - body: reads the value.
/// - Throws: ``TokenizationError`` if the text breaks the rules of JSON or of `body`.
package func readJSON(
  _ bytes: [UInt8], path: String, line: Int? = nil,
  _ body: (inout JSONScanner) throws -> Void
) throws {
  do {
    try JSONScanner.read(bytes, body)
  } catch let fault as JSONScanner.Fault {
    throw TokenizationError(
      .malformed, in: path, line: line, "byte \(fault.offset): \(fault.detail)")
  }
}
