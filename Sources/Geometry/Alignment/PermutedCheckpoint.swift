import Checkpoints
import Glibc
import Tensors

/// A checkpoint whose units stand in another order: the same function, other weights.
public struct PermutedCheckpoint: Sendable {
  /// What it is made from.
  public let original: ParameterList
  private let units: PermutableUnits
  private let permutations: UnitPermutations

  /// Describes a permuted checkpoint.
  ///
  /// - Parameters:
  ///   - original: what it is made from.
  ///   - units: the original's.
  ///   - permutations: how to order them.
  public init(_ original: ParameterList, units: PermutableUnits, permutations: UnitPermutations) {
    (self.original, self.units, self.permutations) = (original, units, permutations)
  }

  /// Writes it as safetensors: the original's names, types and metadata, tensors that share bytes
  /// written each for itself.
  ///
  /// Before the file gets its name it is read again, and the inverse permutation must give the
  /// original's bytes back.
  ///
  /// - Parameters:
  ///   - path: the file to create or replace.
  ///   - remark: metadata to add, under the key `transect`.
  /// - Throws: `OutputError` if it cannot be written or does not hold what it should;
  ///   `CheckpointError` if the original cannot be read.
  /// - Complexity: two reads of the original, one of the file; memory independent of their size.
  public func write(to path: String, remark: String) throws {
    let tensors = original.tensors
    // Libraries that load the file want to know which of them wrote it.
    let metadata =
      [(key: "transect", value: remark)] + original.checkpoint.metadata + [("format", "pt")]
    let writer = try SafetensorsWriter(
      path,
      entries: tensors.map {
        .init(name: $0.record.name, dtype: $0.record.dtype, shape: $0.record.shape)
      },
      metadata: metadata)
    for (index, tensor) in tensors.enumerated() {
      try reader(tensor.record, tensor.name.canonical, permutations)
        .forEachPiece { try writer.write($1, of: index, from: $0.lowerBound) }
    }
    try original.checkpoint.verifyUnchanged()
    try verify(SafetensorsFile(writer.temporaryPath), named: path)
    try writer.commit()
  }

  private func reader(
    _ record: TensorRecord, _ name: TensorName, _ permutations: UnitPermutations
  ) -> PermutedReader {
    PermutedReader(record, axes: units.axes(of: name), permutations: permutations)
  }

  /// Checks that a file holds the original, permuted.
  ///
  /// - Parameters:
  ///   - written: the file.
  ///   - path: what to call it.
  /// - Throws: `OutputError` naming the first tensor that differs.
  func verify(_ written: SafetensorsFile, named path: String) throws {
    let back = permutations.inverse
    let records = Dictionary(
      written.records.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for tensor in original.tensors {
      let (record, name) = (tensor.record, tensor.name.canonical)
      guard let copy = records[record.name], copy.shape == record.shape,
        copy.dtype == record.dtype, try isSame(reader(copy, name, back), ElementReader(record))
      else {
        throw OutputError(
          path, because: "tensor '\(record.name)' does not give the original's bytes back")
      }
    }
  }

  private func isSame(_ left: PermutedReader, _ right: ElementReader) throws -> Bool {
    var isSame = true
    try left.forEachPiece { range, bytes in
      let scratch = UnsafeMutableRawBufferPointer.allocate(
        byteCount: right.scratchByteCount(elements: range.count), alignment: 64)
      defer { scratch.deallocate() }
      let expected = try right.bytes(of: range, scratch: scratch)
      guard let first = bytes.baseAddress, let second = expected.baseAddress else { return }
      if memcmp(first, second, bytes.count) != 0 { isSame = false }
    }
    return isSame
  }
}
