import CZlib
import JSON

/// One line of a journal: the CRC-32 of a JSON object in eight hexadecimal digits, a blank, and the
/// object. A line that was not written to its end does not match its checksum.
///
/// Source: ISO 3309 for CRC-32, computed by zlib.
enum JournalLine {
  /// A finished row, or what the journal is of.
  case row(key: String, value: String)
  case header(run: String)

  /// Whether it is a finished row.
  var isRow: Bool { if case .row = self { true } else { false } }

  /// The line with its end.
  var text: String {
    let object =
      switch self {
      case .row(let key, let value): jsonObject([("row", jsonString(key)), ("value", value)])
      case .header(let run): jsonObject([("journal", "1"), ("run", jsonString(run))])
      }
    return "\(JournalLine.checksum(Array(object.utf8))) \(object)\n"
  }

  /// Reads a line without its end; `nil` if the checksum does not match, or it is none of ours.
  ///
  /// - Parameter line: the line's bytes.
  init?(_ line: ArraySlice<UInt8>) {
    let object = Array(line.dropFirst(9))
    guard line.count > 9, line.prefix(9).elementsEqual((JournalLine.checksum(object) + " ").utf8),
      let members = try? JournalLine.members(of: object)
    else { return nil }
    if let row = members["row"], let value = members["value"] {
      guard let key = try? JournalLine.string(row) else { return nil }
      self = .row(key: key, value: value)
    } else if members["journal"] == "1",
      let run = members["run"].flatMap({ try? JournalLine.string($0) })
    {
      self = .header(run: run)
    } else {
      return nil
    }
  }

  private static func members(of object: [UInt8]) throws -> [String: String] {
    var members: [String: String] = [:]
    var scanner = JSONScanner(object)
    try scanner.object { scanner, name in members[name] = try scanner.valueText() }
    return members
  }

  private static func string(_ json: String) throws -> String {
    var scanner = JSONScanner(Array(json.utf8))
    return try scanner.string()
  }

  private static func checksum(_ bytes: [UInt8]) -> String {
    let value = bytes.withUnsafeBufferPointer { buffer in
      crc32_z(0, buffer.baseAddress, buffer.count)
    }
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
