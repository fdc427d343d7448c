import HDF5
import Tensors

/// Weights in an HDF5 file, as Keras and transformers' models for TensorFlow store them.
///
/// libhdf5 finds where the arrays lie, in a process of its own under limits of memory and time;
/// elements are read from the file here, those in chunks by ``ChunkedElements``. Links to other
/// files, elements in other files and unknown filters are refused.
///
/// Where Keras lists the weights of layers, those that no layer lists (an optimizer's) are left
/// out. Weights of transformers' TensorFlow classes get the names and the layout of PyTorch
/// (``KerasNames``); others keep their names, with dots for slashes.
public struct HDF5Checkpoint: Checkpoint {
  /// The path by which it was opened.
  public let path: String
  /// The format's name.
  public let format = "hdf5"
  /// Every array that is a weight, in the order of the file.
  public let records: [TensorRecord]
  /// The version of Keras and its backend, if the file tells them.
  public let metadata: [(key: String, value: String)]
  /// What was left out, and whose names were translated.
  public let notes: [String]

  /// Opens a file; what describes its arrays is read by another process.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - mode: how its arrays will be read.
  /// - Throws: ``CheckpointError`` if it cannot be opened, breaks the format's rules or holds what is
  ///   not read.
  public init(_ path: String, mode: InputMode = .mapped) throws {
    let file = try InputFile(path, mode: mode)
    do {
      try self.init(file, WeightFile.read(apart: path))
    } catch let error as HDF5Error {
      throw CheckpointError(HDF5Checkpoint.reason(of: error), in: path, error.description)
    }
  }

  /// Takes arrays from a file of which it is known where they lie.
  ///
  /// - Parameters:
  ///   - file: the file.
  ///   - content: where its arrays lie, not yet compared with its size.
  /// - Throws: ``CheckpointError`` if an array lies outside the file or has no name of its own.
  public init(_ file: InputFile, _ content: WeightFile) throws {
    let listed = content.datasets.filter { $0.weightName != nil }
    let weights = listed.isEmpty ? content.datasets : listed
    let pieces = DecodedPieces()
    let names = KerasNames(weights.compactMap(\.weightName))
    var seen = Set<TensorName>()
    records = try weights.map { dataset in
      let record = try TensorRecord(dataset, of: file, pieces: pieces)
      let named = try names.translated(record, dataset, path: file.path)
      guard seen.insert(named.name).inserted else {
        throw CheckpointError(.malformed, in: file.path, tensor: named.name, "appears twice")
      }
      return named
    }
    try DecompressionLimit(file).check(records.map { $0.encoded?.byteCount ?? 0 })
    path = file.path
    metadata = content.texts.sorted { $0.key < $1.key }.map { ($0.key, $0.value.shortened) }
    let others = content.datasets.count - weights.count
    notes =
      (names.areTransformers
        ? ["names and layout are those that transformers gives TensorFlow's weights in PyTorch"]
        : [])
      + (others > 0 ? ["arrays that are no weights of layers are left out: \(others)"] : [])
  }

  private static func reason(of error: HDF5Error) -> CheckpointError.Reason {
    if case .foreignFile = error.reason { return .unsupported }
    return .malformed
  }
}

extension TensorRecord {
  fileprivate init(
    _ dataset: WeightFile.Dataset, of file: InputFile, pieces: DecodedPieces
  ) throws {
    let name = TensorName(dataset.path)
    guard let shape = Shape(dataset.extents) else {
      throw CheckpointError(
        .malformed, in: file.path, tensor: name,
        "shape \(Shape.list(dataset.extents)) has more elements than can be addressed")
    }
    let dtype = DType(dataset.element)
    let order: ByteOrder = dataset.isBigEndian ? .big : .little
    switch dataset.layout {
    case .contiguous(let offset, let byteCount):
      guard offset >= 0, byteCount == shape.byteCount(of: dtype),
        offset <= file.byteCount - byteCount
      else {
        throw CheckpointError(
          .malformed, in: file.path, tensor: name,
          "\(byteCount) bytes from byte \(offset) on are not shape \(shape) of \(dtype.rawValue) "
            + "within the file")
      }
      try self.init(
        name: name, dtype: dtype, shape: shape, strides: shape.rowMajorStrides,
        storage: offset..<offset + byteCount, firstElement: 0, byteOrder: order, file: file)
    case .chunked(let extents, let filters, let chunks):
      let elements = try ChunkedElements(
        name: name, file: file, shape: shape, elementByteCount: dtype.byteCount,
        chunks: ChunkGrid(shape: shape, extents: extents, chunks: chunks), filters: filters,
        pieces: pieces)
      let start = chunks.first?.offset ?? 0
      try self.init(
        name: name, dtype: dtype, shape: shape, strides: nil, encoded: elements,
        bytes: start..<start, byteOrder: order, file: file)
    }
  }
}

extension DType {
  fileprivate init(_ element: WeightFile.Element) {
    self =
      switch element {
      case .float16: .float16
      case .bfloat16: .bfloat16
      case .float32: .float32
      case .float64: .float64
      case .int8: .int8
      case .int16: .int16
      case .int32: .int32
      case .int64: .int64
      case .uint8: .uint8
      case .uint16: .uint16
      case .uint32: .uint32
      case .uint64: .uint64
      }
  }
}
