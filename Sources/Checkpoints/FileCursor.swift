/// Numbers and texts of a file, one after the other, in little-endian order.
///
/// Nothing is allocated for a length before the file is known to have so many bytes.
struct FileCursor {
  /// The file ends, or the cursor's limit is reached, before what was asked for.
  struct Ended: Error {
    let offset: Int
  }

  private let file: InputFile
  private let end: Int
  /// Where the next byte is taken from.
  private(set) var offset: Int
  private var window: [UInt8] = []
  private var windowStart = 0

  private static let windowLength = 1 << 16

  /// Begins at an offset, and takes nothing from `limit` on.
  init(_ file: InputFile, at offset: Int, limit: Int) {
    (self.file, self.offset, end) = (file, offset, min(limit, file.byteCount))
  }

  /// Bytes that may still be taken.
  var remaining: Int { end - offset }

  /// Steps over bytes.
  mutating func skip(_ count: Int) throws {
    guard count >= 0, count <= remaining else { throw Ended(offset: offset) }
    offset += count
  }

  /// An unsigned integer of at most 8 bytes.
  mutating func unsigned(_ width: Int) throws -> UInt64 {
    guard width <= remaining else { throw Ended(offset: offset) }
    if offset < windowStart || offset + width > windowStart + window.count {
      window = try file.copy(offset..<offset + min(FileCursor.windowLength, remaining))
      windowStart = offset
    }
    defer { offset += width }
    return window.littleEndian(at: offset - windowStart, width: width)
  }

  /// A count of things that take at least `size` bytes each.
  mutating func count(ofBytes size: Int) throws -> Int {
    let start = offset
    guard let count = Int(exactly: try unsigned(8)), count <= remaining / size else {
      throw Ended(offset: start)
    }
    return count
  }

  /// Bytes as they are.
  mutating func bytes(_ count: Int) throws -> [UInt8] {
    guard count <= remaining else { throw Ended(offset: offset) }
    defer { offset += count }
    return try file.copy(offset..<offset + count)
  }
}
