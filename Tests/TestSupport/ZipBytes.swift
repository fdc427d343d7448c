/// Zip archives, byte by byte, with the faults that tests ask for.
public struct ZipBytes {
  /// One entry, and how its headers lie.
  public struct Entry {
    /// The name in the central directory.
    public var name: String
    /// What is stored.
    public var content: [UInt8]
    /// The compression method that the headers announce.
    public var method: UInt16 = 0
    /// Bit 0 is encryption; bit 3 says that sizes follow the content.
    public var flags: UInt16 = 0
    /// The name in the local header, if another.
    public var localName: String?
    /// The size in the central directory, if another.
    public var size: UInt32?
    /// The size of the content in the central directory, if it is compressed.
    public var contentSize: UInt32?
    /// The offset in the central directory, if another.
    public var offset: UInt32?
    /// Whether sizes and offset stand in an extra block of 64-bit fields.
    public var isLong = false
    /// Padding between the local name and the content.
    public var padding = 0

    /// Creates an entry that is stored as it is.
    ///
    /// - Parameters:
    ///   - name: its path in the archive.
    ///   - content: its bytes.
    public init(_ name: String, _ content: [UInt8]) { (self.name, self.content) = (name, content) }
  }

  /// In the order of the file.
  public var entries: [Entry]
  /// Text after the last record.
  public var comment: [UInt8] = []
  /// How many entries the last record announces, if not their number.
  public var announcedCount: UInt16?
  /// Whether records with 64-bit fields stand before the last one.
  public var isLong = false

  /// Creates an archive of some entries.
  ///
  /// - Parameter entries: in the order of the file.
  public init(_ entries: [Entry]) { self.entries = entries }

  /// A PyTorch archive.
  ///
  /// - Parameters:
  ///   - pickle: the content of `data.pkl`.
  ///   - storages: by key.
  ///   - others: further entries of the folder, such as `byteorder`.
  /// - Returns: the archive, in a folder named `archive`.
  public static func torch(
    pickle: [UInt8], storages: [(key: String, bytes: [UInt8])] = [], others: [Entry] = []
  ) -> ZipBytes {
    let entries =
      [Entry("data.pkl", pickle)] + storages.map { Entry("data/" + $0.key, $0.bytes) } + others
    return ZipBytes(
      entries.map { entry in
        var entry = entry
        entry.name = "archive/" + entry.name
        return entry
      })
  }

  /// The file's content.
  public var bytes: [UInt8] {
    var (file, directory) = ([UInt8](), [UInt8]())
    for entry in entries {
      directory += ZipBytes.central(entry, offset: file.count)
      file += ZipBytes.local(entry)
    }
    let start = file.count
    file += directory
    if isLong { file += longRecords(start: start, size: directory.count) }
    let count = announcedCount ?? UInt16(entries.count)
    file += littleEndian(UInt32(0x0605_4B50)) + [0, 0, 0, 0]
    file += littleEndian(isLong ? .max : count) + littleEndian(isLong ? .max : count)
    file += littleEndian(isLong ? .max : UInt32(directory.count))
    file += littleEndian(isLong ? .max : UInt32(start))
    return file + littleEndian(UInt16(comment.count)) + comment
  }

  private func longRecords(start: Int, size: Int) -> [UInt8] {
    let fields = [entries.count, entries.count, size, start].flatMap { littleEndian(UInt64($0)) }
    let record =
      littleEndian(UInt32(0x0606_4B50)) + littleEndian(UInt64(44)) + [45, 0, 45, 0]
      + Array(repeating: 0, count: 8) + fields
    return record + littleEndian(UInt32(0x0706_4B50)) + [0, 0, 0, 0]
      + littleEndian(UInt64(start + size)) + [1, 0, 0, 0]
  }

  private static func local(_ entry: Entry) -> [UInt8] {
    let name = Array((entry.localName ?? entry.name).utf8)
    let size = entry.flags & 8 == 0 ? UInt32(entry.content.count) : 0
    return littleEndian(UInt32(0x0403_4B50)) + [20, 0] + littleEndian(entry.flags)
      + littleEndian(entry.method) + Array(repeating: 0, count: 8) + littleEndian(size)
      + littleEndian(size) + littleEndian(UInt16(name.count)) + littleEndian(UInt16(entry.padding))
      + name + Array(repeating: 0x5A, count: entry.padding) + entry.content
  }

  private static func central(_ entry: Entry, offset: Int) -> [UInt8] {
    let name = Array(entry.name.utf8)
    let size = entry.size ?? UInt32(entry.content.count)
    let place = entry.offset ?? UInt32(offset)
    let fields = littleEndian(UInt64(size)) + littleEndian(UInt64(size))
    let extra: [UInt8] = entry.isLong ? [1, 0, 24, 0] + fields + littleEndian(UInt64(place)) : []
    let sizes = [size, entry.contentSize ?? size].flatMap { littleEndian(entry.isLong ? .max : $0) }
    return littleEndian(UInt32(0x0201_4B50)) + [20, 0, 20, 0] + littleEndian(entry.flags)
      + littleEndian(entry.method) + Array(repeating: 0, count: 8) + sizes
      + littleEndian(UInt16(name.count)) + littleEndian(UInt16(extra.count))
      + Array(repeating: 0, count: 10) + littleEndian(entry.isLong ? .max : place) + name + extra
  }
}
