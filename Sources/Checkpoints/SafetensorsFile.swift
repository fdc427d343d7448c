import Tensors

/// A checkpoint in one safetensors file.
///
/// Layout: an 8-byte little-endian length, that many bytes of JSON, then the tensors' bytes.
/// The JSON maps each name to `dtype`, `shape` and `data_offsets`; together the offsets must
/// cover the data exactly once. Only the header is read here.
///
/// Source: the safetensors format description, "Format".
public struct SafetensorsFile: Checkpoint {
  /// The path by which it was opened.
  public let path: String
  /// The format's name.
  public let format = "safetensors"
  /// Every tensor, in the order of the header.
  public let records: [TensorRecord]
  /// The text of `__metadata__`.
  public let metadata: [(key: String, value: String)]
  /// Always empty.
  public let notes: [String] = []

  /// The largest header the format allows, in bytes.
  public static let headerLimit = 100_000_000

  /// Opens a file and checks its header against its size.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - mode: how its tensors will be read.
  /// - Throws: ``CheckpointError`` if it cannot be opened or breaks the format's rules.
  /// - Complexity: linear in the header; independent of the tensors' size.
  public init(_ path: String, mode: InputMode = .mapped) throws {
    try self.init(InputFile(path, mode: mode))
  }

  init(_ file: InputFile) throws {
    let length = try SafetensorsFile.headerLength(of: file)
    let header = try SafetensorsHeader(
      file.copy(8..<8 + length), file: file, dataStart: 8 + length)
    (path, records, metadata) = (file.path, header.records, header.metadata)
  }

  private static func headerLength(of file: InputFile) throws -> Int {
    guard file.byteCount >= 8 else {
      throw CheckpointError(
        .malformed, in: file.path, "\(file.byteCount) bytes are too few for a safetensors header")
    }
    let length = try file.copy(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= headerLimit, length <= file.byteCount - 8 else {
      throw CheckpointError(
        .malformed, in: file.path,
        "is of no format known here, and not safetensors: it would have a header of \(length) "
          + "bytes; the file has \(file.byteCount - 8) after the length, and the format allows "
          + "\(headerLimit)")
    }
    return Int(length)
  }
}
