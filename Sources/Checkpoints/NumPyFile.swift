import Tensors

/// One array in a NumPy file (`.npy`).
///
/// Its name is `arr_0`, as `numpy.savez` calls the first of arrays that are given none. The
/// elements take the rest of the file exactly.
public struct NumPyFile: Checkpoint {
  /// The path by which it was opened.
  public let path: String
  /// The format's name.
  public let format = "npy"
  /// The one array.
  public let records: [TensorRecord]
  /// Always empty.
  public let metadata: [(key: String, value: String)] = []
  /// Always empty.
  public let notes: [String] = []

  /// Opens a file and checks its header against its size.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - mode: how its array will be read.
  /// - Throws: ``CheckpointError`` if it cannot be opened, breaks the format's rules, or holds
  ///   elements that cannot be read.
  public init(_ path: String, mode: InputMode = .mapped) throws {
    try self.init(InputFile(path, mode: mode))
  }

  init(_ file: InputFile) throws {
    path = file.path
    records = [try TensorRecord(name: "arr_0", array: 0..<file.byteCount, of: file)]
  }
}

/// Several arrays in a zip archive of NumPy files (`.npz`).
///
/// An array's name is its entry's without `.npy`, with dots for slashes, since what wrote
/// `h/0/ln_1/weight` means what others call `h.0.ln_1.weight`. Entries are stored as they are or compressed by
/// Deflate; those that are no arrays are noted and left out. Checksums are not verified.
public struct NumPyArchive: Checkpoint {
  /// The path by which it was opened.
  public let path: String
  /// The format's name.
  public let format = "npz"
  /// Every array, in the order of the archive's directory.
  public let records: [TensorRecord]
  /// Always empty.
  public let metadata: [(key: String, value: String)] = []
  /// What was left out.
  public let notes: [String]

  private static let suffix = ".npy"

  /// Opens an archive and checks each array's header against its size.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - mode: how its arrays will be read.
  /// - Throws: ``CheckpointError`` if it cannot be opened, breaks the rules of zip or of NumPy, or
  ///   holds elements that cannot be read.
  /// - Complexity: linear in the number of arrays; independent of their size.
  public init(_ path: String, mode: InputMode = .mapped) throws {
    let file = try InputFile(path, mode: mode)
    try self.init(file, ZipDirectory(file))
  }

  init(_ file: InputFile, _ directory: ZipDirectory) throws {
    let arrays = directory.entries.filter { $0.name.hasSuffix(NumPyArchive.suffix) }
    let pieces = DecodedPieces()
    path = file.path
    var seen = Set<TensorName>()
    records = try arrays.map { entry in
      let name = NumPyArchive.name(of: entry)
      guard seen.insert(name).inserted else {
        throw CheckpointError(.malformed, in: file.path, tensor: name, "appears twice")
      }
      return entry.isStored
        ? try TensorRecord(name: name, array: entry.bytes, of: file)
        : try TensorRecord(name: name, deflated: entry, of: file, pieces: pieces)
    }
    try DecompressionLimit(file).check(
      arrays.filter { !$0.isStored }.map(\.contentByteCount))
    let others = directory.entries.count - arrays.count
    notes = others > 0 ? ["entries that are no arrays are left out: \(others)"] : []
  }

  private static func name(of entry: ZipDirectory.Entry) -> TensorName {
    let parts = entry.name.dropLast(suffix.count).split(
      separator: "/", omittingEmptySubsequences: false)
    return TensorName(parts.joined(separator: "."))
  }

  /// Whether an archive is one of arrays.
  static func isOne(_ directory: ZipDirectory) -> Bool {
    directory.entries.contains { $0.name.hasSuffix(suffix) }
      && !directory.entries.contains { $0.name.hasSuffix("/data.pkl") }
  }
}

extension TensorRecord {
  /// Creates the record of an array whose file is a part of another.
  fileprivate init(name: TensorName, array range: Range<Int>, of file: InputFile) throws {
    let header = try NumPyHeader(
      file.copy(range.prefix(NumPyHeader.byteLimit)), name: name, of: file)
    let data = range.lowerBound + header.byteCount..<range.upperBound
    try header.requireSize(data.count, name: name, of: file)
    try self.init(
      name: name, dtype: header.dtype, shape: header.shape,
      strides: header.strides ?? header.shape.rowMajorStrides, storage: data, firstElement: 0,
      byteOrder: header.byteOrder, file: file)
  }

  /// Creates the record of an array whose file is compressed within an archive.
  fileprivate init(
    name: TensorName, deflated entry: ZipDirectory.Entry, of file: InputFile, pieces: DecodedPieces
  ) throws {
    guard entry.isDeflated else {
      throw CheckpointError(
        .unsupported, in: file.path, tensor: name,
        "is compressed by a method that is not supported; known is Deflate")
    }
    guard entry.contentByteCount / InflateStream.largestRatio <= entry.bytes.count else {
      throw CheckpointError(
        .malformed, in: file.path, tensor: name,
        "\(entry.bytes.count) compressed bytes cannot hold \(entry.contentByteCount)")
    }
    let header = try NumPyHeader(
      TensorRecord.head(of: entry, name: name, file), name: name, of: file)
    let byteCount = entry.contentByteCount - header.byteCount
    try header.requireSize(byteCount, name: name, of: file)
    try self.init(
      name: name, dtype: header.dtype, shape: header.shape, strides: header.strides,
      encoded: InflatedElements(
        name: name, file: file, stored: entry.bytes, headerLength: header.byteCount,
        byteCount: byteCount, pieces: pieces),
      bytes: entry.bytes, byteOrder: header.byteOrder, file: file)
  }

  /// The first bytes of a compressed entry.
  private static func head(
    of entry: ZipDirectory.Entry, name: TensorName, _ file: InputFile
  ) throws -> [UInt8] {
    let count = min(entry.contentByteCount, NumPyHeader.byteLimit)
    do {
      let stream = try InflateStream(file, entry.bytes)
      return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        try stream.read(into: UnsafeMutableRawBufferPointer(buffer))
        filled = count
      }
    } catch let fault as InflateStream.Fault {
      throw CheckpointError(.malformed, in: file.path, tensor: name, fault.detail)
    }
  }
}

extension NumPyHeader {
  fileprivate init(_ bytes: [UInt8], name: TensorName, of file: InputFile) throws {
    do {
      try self.init(bytes)
    } catch let fault as Fault {
      throw CheckpointError(fault.reason, in: file.path, tensor: name, fault.detail)
    }
  }

  /// Checks that the elements take exactly so many bytes.
  fileprivate func requireSize(_ found: Int, name: TensorName, of file: InputFile) throws {
    guard found == shape.byteCount(of: dtype) else {
      throw CheckpointError(
        .malformed, in: file.path, tensor: name,
        "\(found) bytes follow the header; shape \(shape) of \(dtype.rawValue) takes "
          + "\(shape.byteCount(of: dtype))")
    }
  }
}
