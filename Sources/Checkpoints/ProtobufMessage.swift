/// The fields of a message in protobuf's wire format, one after the other.
///
/// Only the four wire types that are in use are known. Lengths are checked against the message
/// before anything is done with them, and nothing is copied but what is asked for.
///
/// Source: Protocol Buffers documentation, "Encoding".
struct ProtobufMessage {
  /// What a field holds.
  enum Value {
    case number(UInt64)
    /// Bytes within the file: a text, a message, or packed numbers.
    case bytes(Range<Int>)
  }

  /// The bytes break the rules of the format.
  struct Fault: Error {
    let offset: Int
    let detail: String
  }

  private let file: InputFile
  private let end: Int
  private var cursor: FileCursor

  /// A message that takes a range of a file.
  init(_ file: InputFile, _ range: Range<Int>) {
    (self.file, end) = (file, range.upperBound)
    cursor = FileCursor(file, at: range.lowerBound, limit: range.upperBound)
  }

  /// The next field, or `nil` at the end.
  ///
  /// - Throws: ``Fault`` if it is cut off or of another wire type.
  mutating func next() throws -> (number: Int, value: Value)? {
    guard cursor.remaining > 0 else { return nil }
    let start = cursor.offset
    do {
      let tag = try varint()
      guard tag >> 3 > 0, tag >> 3 < 1 << 29 else {
        throw Fault(offset: start, detail: "field number \(tag >> 3)")
      }
      return (Int(tag >> 3), try value(wireType: tag & 7))
    } catch is FileCursor.Ended {
      throw Fault(offset: start, detail: "a field that reaches beyond its message")
    }
  }

  private mutating func value(wireType: UInt64) throws -> Value {
    switch wireType {
    case 0: return .number(try varint())
    case 1: return .number(try cursor.unsigned(8))
    case 5: return .number(try cursor.unsigned(4))
    case 2:
      let start = cursor.offset
      guard let count = Int(exactly: try varint()) else { throw FileCursor.Ended(offset: start) }
      let first = cursor.offset
      try cursor.skip(count)
      return .bytes(first..<first + count)
    default: throw Fault(offset: cursor.offset, detail: "wire type \(wireType)")
    }
  }

  private mutating func varint() throws -> UInt64 {
    let start = cursor.offset
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      let byte = try cursor.unsigned(1)
      guard shift < 63 || byte <= 1 else { break }
      value |= (byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw Fault(offset: start, detail: "a number of more than 64 bits")
  }

  /// Numbers that are packed into bytes.
  static func packed(_ file: InputFile, _ range: Range<Int>, limit: Int) throws -> [UInt64] {
    var message = ProtobufMessage(file, range)
    var numbers: [UInt64] = []
    do {
      while message.cursor.remaining > 0 {
        guard numbers.count < limit else {
          throw Fault(offset: range.lowerBound, detail: "more than \(limit) numbers")
        }
        numbers.append(try message.varint())
      }
    } catch is FileCursor.Ended {
      throw Fault(offset: range.lowerBound, detail: "packed numbers that are cut off")
    }
    return numbers
  }
}
