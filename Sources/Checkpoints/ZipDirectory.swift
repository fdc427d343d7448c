import Tensors

/// The entries of a zip archive, as its central directory lists them.
///
/// Only the central directory is believed: writers that stream leave sizes out of the headers
/// before each entry, so those serve to find where an entry's bytes begin and nothing else.
/// Names are unique and stay below the archive's root, entries lie within the file, and no two
/// share a byte, so that no other reader can see another archive in the same file. Checksums
/// are not verified.
///
/// Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", sections 4.3 to 4.5.
struct ZipDirectory {
  /// One file of the archive.
  struct Entry {
    /// Components separated by `/`, none of them `.` or `..`.
    let name: String
    /// The entry's bytes within the archive's file, as stored.
    let bytes: Range<Int>
    /// Whether the bytes are the content, neither compressed nor encrypted.
    let isStored: Bool
    /// Whether they are compressed by Deflate.
    let isDeflated: Bool
    /// Bytes of the content, as the directory says.
    let contentByteCount: Int
  }

  /// In the order of the directory.
  private(set) var entries: [Entry] = []

  private let file: FileSection
  /// What each entry takes, its header included.
  private var extents: [Range<Int>] = []
  private static let sizeLimit = 100_000_000

  /// Reads the directory of an archive.
  ///
  /// - Throws: ``CheckpointError`` for whatever is told above.
  init(_ file: InputFile) throws { try self.init(FileSection(file)) }

  /// Reads the directory of an archive that is a part of a file.
  ///
  /// - Throws: ``CheckpointError`` for whatever is told above.
  init(_ file: FileSection) throws {
    self.file = file
    let end = try ZipEnd(file)
    guard end.directory.count <= ZipDirectory.sizeLimit else {
      throw malformed("a zip directory of \(end.directory.count) bytes is too large")
    }
    guard end.entryCount <= end.directory.count / CentralHeader.byteCount else {
      throw malformed(
        "announces \(end.entryCount) zip entries in a directory of \(end.directory.count) bytes")
    }
    try readEntries(of: file.copy(end.directory), count: end.entryCount)
    try requireUniqueNames()
    try requireSeparateEntries()
    try requireRoom(before: end.directory.lowerBound)
  }

  private mutating func readEntries(of directory: [UInt8], count: Int) throws {
    var offset = 0
    entries.reserveCapacity(count)
    for position in 0..<count {
      guard let header = CentralHeader(directory, at: offset) else {
        throw malformed("entry \(position) of the zip directory is cut off or damaged")
      }
      try append(header)
      offset = header.end
    }
    guard offset == directory.count else {
      throw malformed("\(directory.count - offset) bytes follow the last of \(count) zip entries")
    }
  }

  private mutating func append(_ header: CentralHeader) throws {
    guard let name = String(validating: header.name, as: UTF8.self), isSafe(name) else {
      let shown = String(decoding: header.name.prefix(80), as: UTF8.self)
      throw malformed("zip entry name '\(shown)' is not a plain path within the archive")
    }
    guard !header.isEncrypted else { throw malformed("zip entry '\(name)' is encrypted") }
    guard !header.isStored || header.storedSize == header.size else {
      throw malformed("zip entry '\(name)' is not compressed and yet has two sizes")
    }
    let start = try contentStart(of: name, header: header)
    guard let size = Int(exactly: header.storedSize), size <= file.byteCount - start else {
      throw malformed("zip entry '\(name)' of \(header.storedSize) bytes reaches outside the file")
    }
    extents.append(start - header.name.count - LocalHeader.byteCount..<start + size)
    guard let contentByteCount = Int(exactly: header.size) else {
      throw malformed("zip entry '\(name)' of \(header.size) bytes is too large")
    }
    entries.append(
      Entry(
        name: name, bytes: file.whole(start..<start + size), isStored: header.isStored,
        isDeflated: header.isDeflated, contentByteCount: contentByteCount))
  }

  private func contentStart(of name: String, header: CentralHeader) throws -> Int {
    let length = LocalHeader.byteCount + header.name.count
    guard let offset = Int(exactly: header.localOffset), offset <= file.byteCount - length else {
      throw malformed("zip entry '\(name)' begins outside the file")
    }
    let local = try LocalHeader(file.copy(offset..<offset + length))
    guard let local, local.name.elementsEqual(header.name) else {
      throw malformed("zip entry '\(name)' has no header of that name at byte \(offset)")
    }
    guard local.extraByteCount <= file.byteCount - offset - length else {
      throw malformed("zip entry '\(name)' begins outside the file")
    }
    return offset + length + local.extraByteCount
  }

  private func isSafe(_ name: String) -> Bool {
    let folderless = name.hasSuffix("/") ? name.dropLast() : name[...]
    return !name.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "\\") }
      && folderless.split(separator: "/", omittingEmptySubsequences: false)
        .allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
  }

  private func requireUniqueNames() throws {
    var seen = Set<String>(minimumCapacity: entries.count)
    for entry in entries where !seen.insert(entry.name).inserted {
      throw malformed("zip entry '\(entry.name)' appears twice")
    }
  }

  private func requireSeparateEntries() throws {
    let order = extents.indices.sorted { extents[$0].lowerBound < extents[$1].lowerBound }
    for (left, right) in zip(order, order.dropFirst())
    where extents[left].upperBound > extents[right].lowerBound {
      throw malformed(
        "zip entries '\(entries[left].name)' and '\(entries[right].name)' share bytes")
    }
  }

  private func requireRoom(before directoryStart: Int) throws {
    for (entry, extent) in zip(entries, extents) where extent.upperBound > directoryStart {
      throw malformed("zip entry '\(entry.name)' reaches into the zip directory")
    }
  }

  private func malformed(_ detail: String) -> CheckpointError {
    CheckpointError(.malformed, in: file.path, detail)
  }
}
