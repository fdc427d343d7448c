/// The records at the end of a zip archive that say where its directory is.
struct ZipEnd {
  /// The bytes of the central directory.
  let directory: Range<Int>
  /// How many entries it announces.
  let entryCount: Int

  private static let byteCount = 22
  private static let locatorByteCount = 20
  private static let longByteCount = 56
  private static let longestComment = 0xFFFF

  /// Finds the directory from the end of a file, past a comment if there is one.
  ///
  /// - Throws: ``CheckpointError`` if there is none, or it does not end where these records
  ///   begin, or the archive is one of several parts.
  init(_ file: FileSection) throws {
    let tailStart = max(0, file.byteCount - ZipEnd.byteCount - ZipEnd.longestComment)
    let tail = try file.copy(tailStart..<file.byteCount)
    guard let position = ZipEnd.position(in: tail) else {
      throw CheckpointError(
        .malformed, in: file.path, "a zip archive without its directory, as if cut off")
    }
    var fields = ZipEnd.fields(of: tail, at: position)
    var end = tailStart + position
    if let long = try ZipEnd.longRecord(of: file, before: end) {
      guard zip(fields, long.fields).allSatisfy({ $0.0 == $0.1.short || $0.1.value == $0.0 })
      else { throw ZipEnd.contradiction(file) }
      (fields, end) = (long.fields.map(\.value), long.start)
    }
    guard fields[0] == 0, fields[1] == 0, fields[2] == fields[3],
      let count = Int(exactly: fields[3]), let size = Int(exactly: fields[4]), size <= end,
      fields[5] == end - size
    else { throw ZipEnd.contradiction(file) }
    (directory, entryCount) = (end - size..<end, count)
  }

  private static func contradiction(_ file: FileSection) -> CheckpointError {
    CheckpointError(
      .malformed, in: file.path, "the records at the end of the zip archive contradict each other")
  }

  /// The last record whose comment ends where the file does.
  private static func position(in tail: [UInt8]) -> Int? {
    guard tail.count >= byteCount else { return nil }
    return (0...tail.count - byteCount).last { position in
      tail[position] == 0x50 && tail.littleEndian(at: position, width: 4) == 0x0605_4B50
        && Int(tail.littleEndian(at: position + 20, width: 2)) == tail.count - position - byteCount
    }
  }

  /// This part, the directory's part, entries here, entries, bytes, offset.
  private static func fields(of tail: [UInt8], at position: Int) -> [UInt64] {
    [(4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4)].map {
      tail.littleEndian(at: position + $0.0, width: $0.1)
    }
  }

  /// The same fields at full width, each with the value that stands for it in the short record.
  private static func longRecord(
    of file: FileSection, before end: Int
  ) throws -> (start: Int, fields: [(value: UInt64, short: UInt64)])? {
    let (locatorStart, start) = (end - locatorByteCount, end - locatorByteCount - longByteCount)
    guard locatorStart >= 0 else { return nil }
    let locator = try file.copy(locatorStart..<end)
    guard locator.littleEndian(at: 0, width: 4) == 0x0706_4B50 else { return nil }
    guard start >= 0, locator.littleEndian(at: 8, width: 8) == start else {
      throw contradiction(file)
    }
    let record = try file.copy(start..<locatorStart)
    guard record.littleEndian(at: 0, width: 4) == 0x0606_4B50 else { throw contradiction(file) }
    let places = [(16, 4), (20, 4), (24, 8), (32, 8), (40, 8), (48, 8)]
    let values = places.map { record.littleEndian(at: $0.0, width: $0.1) }
    let short: [UInt64] = [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF_FFFF, 0xFFFF_FFFF]
    return (start, Array(zip(values, short)).map { (value: $0.0, short: $0.1) })
  }
}

/// One entry's header in the central directory of a zip archive.
struct CentralHeader {
  static let byteCount = 46

  let name: ArraySlice<UInt8>
  let isEncrypted: Bool
  let isStored: Bool
  let isDeflated: Bool
  /// Bytes of the content, and of what the archive keeps in its place.
  private(set) var size: UInt64
  private(set) var storedSize: UInt64
  /// Where in the file the entry begins.
  private(set) var localOffset: UInt64
  /// Where in the directory the next header begins.
  let end: Int

  /// Reads the header at an offset, or is `nil` if it is cut off or damaged.
  init?(_ bytes: [UInt8], at offset: Int) {
    guard bytes.count - offset >= CentralHeader.byteCount,
      bytes.littleEndian(at: offset, width: 4) == 0x0201_4B50
    else { return nil }
    let field = { position, width in bytes.littleEndian(at: offset + position, width: width) }
    let nameStart = offset + CentralHeader.byteCount
    let extraStart = nameStart + Int(field(28, 2))
    let extraEnd = extraStart + Int(field(30, 2))
    end = extraEnd + Int(field(32, 2))
    guard end <= bytes.count, field(34, 2) == 0 else { return nil }
    name = bytes[nameStart..<extraStart]
    isEncrypted = field(8, 2) & CentralHeader.encryptionFlags != 0
    (isStored, isDeflated) = (field(10, 2) == 0, field(10, 2) == 8)
    (storedSize, size, localOffset) = (field(20, 4), field(24, 4), field(42, 4))
    guard readLongFields(of: Array(bytes[extraStart..<extraEnd])) else { return nil }
  }

  private static let encryptionFlags: UInt64 = 0x2041

  /// A field that does not fit 32 bits is all ones and follows in an extra block of kind 1.
  private mutating func readLongFields(of extra: [UInt8]) -> Bool {
    guard var block = CentralHeader.longFields(in: extra) else { return true }
    let take = { (field: inout UInt64) -> Bool in
      guard field == 0xFFFF_FFFF else { return true }
      guard block.count >= 8 else { return false }
      field = extra.littleEndian(at: block.lowerBound, width: 8)
      block = block.lowerBound + 8..<block.upperBound
      return true
    }
    return take(&size) && take(&storedSize) && take(&localOffset)
  }

  /// Where that block's content lies. Padding that is no block may follow the blocks.
  private static func longFields(in extra: [UInt8]) -> Range<Int>? {
    var offset = 0
    while extra.count - offset >= 4 {
      let content = offset + 4..<offset + 4 + Int(extra.littleEndian(at: offset + 2, width: 2))
      guard content.upperBound <= extra.count else { return nil }
      if extra.littleEndian(at: offset, width: 2) == 1 { return content }
      offset = content.upperBound
    }
    return nil
  }
}

/// The header before an entry's bytes, of which only the lengths are believed.
struct LocalHeader {
  static let byteCount = 30

  let name: ArraySlice<UInt8>
  /// Bytes between the name and the content.
  let extraByteCount: Int

  /// Reads a header with its name, or is `nil` if it is none.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= LocalHeader.byteCount, bytes.littleEndian(at: 0, width: 4) == 0x0403_4B50,
      bytes.littleEndian(at: 26, width: 2) == bytes.count - LocalHeader.byteCount
    else { return nil }
    name = bytes[LocalHeader.byteCount...]
    extraByteCount = Int(bytes.littleEndian(at: 28, width: 2))
  }
}

extension [UInt8] {
  /// An unsigned integer, lowest byte first.
  ///
  /// - Precondition: `width` is at most 8, and that many bytes follow `offset`.
  func littleEndian(at offset: Int, width: Int) -> UInt64 {
    self[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
