import Checkpoints
import Tensors

/// Fetches the elements of a tensor whose positions along its axes have been permuted.
struct PermutedReader: Sendable {
  private let reader: ElementReader
  /// For each row, the row it is taken from; `nil` for tensors that stay as they are.
  private let rows: [Int]?
  private let columns: [Int]?
  private let rowLength: Int

  /// Elements that are read at once are a multiple of this.
  let granularity: Int

  /// Creates a reader.
  ///
  /// - Parameters:
  ///   - record: the tensor.
  ///   - axes: what its axes bear; none for a tensor without units.
  ///   - permutations: how to order the units.
  /// - Precondition: only tensors of one or two axes bear units that move.
  init(_ record: TensorRecord, axes: [[AxisStretch]], permutations: UnitPermutations) {
    reader = ElementReader(record)
    let sources = axes.map { permutations.sources(along: $0) }
    let extents = record.shape.dimensions
    let moves = sources.contains { $0 != nil } && record.shape.elementCount > 0
    precondition(!moves || (1...2).contains(sources.count))
    // A vector is a matrix of one row.
    let (rowCount, rowSources) = extents.count == 2 ? (extents[0], sources.first ?? nil) : (1, nil)
    rowLength = moves ? extents[extents.count - 1] : 1
    rows = moves ? rowSources ?? Array(0..<rowCount) : nil
    columns = moves ? sources[sources.count - 1] : nil
    granularity = max(rowLength, 1)
  }

  /// Bytes of scratch memory that a read of `count` elements may need.
  func scratchByteCount(elements count: Int) -> Int {
    rows == nil
      ? reader.scratchByteCount(elements: count)
      : (count + rowLength) * reader.record.dtype.byteCount
  }

  /// The bytes of a range of elements of the permuted tensor, counted in row-major order.
  ///
  /// - Parameters:
  ///   - range: element positions; from and to a multiple of ``granularity``.
  ///   - scratch: at least ``scratchByteCount(elements:)`` bytes.
  /// - Returns: memory that is valid while the file lives and `scratch` is not written to.
  /// - Throws: ``CheckpointError`` if the file has shrunk.
  func bytes(
    of range: Range<Int>, scratch: UnsafeMutableRawBufferPointer
  ) throws -> UnsafeRawBufferPointer {
    guard let rows else { return try reader.bytes(of: range, scratch: scratch) }
    let width = reader.record.dtype.byteCount
    let rowBytes = rowLength * width
    let spare = UnsafeMutableRawBufferPointer(rebasing: scratch[(range.count * width)...])
    for (place, row) in (range.lowerBound / rowLength..<range.upperBound / rowLength).enumerated() {
      let first = rows[row] * rowLength
      let source = try reader.bytes(of: first..<first + rowLength, scratch: spare)
      let target = UnsafeMutableRawBufferPointer(
        rebasing: scratch[place * rowBytes..<(place + 1) * rowBytes])
      copy(source, to: target, width: width)
    }
    return UnsafeRawBufferPointer(rebasing: scratch[..<(range.count * width)])
  }

  private func copy(
    _ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, width: Int
  ) {
    guard let columns else { return target.copyMemory(from: source) }
    switch width {
    case 1: gather(UInt8.self, columns, source, target)
    case 2: gather(UInt16.self, columns, source, target)
    case 4: gather(UInt32.self, columns, source, target)
    default: gather(UInt64.self, columns, source, target)
    }
  }

  private func gather<Bits: FixedWidthInteger>(
    _ type: Bits.Type, _ columns: [Int], _ source: UnsafeRawBufferPointer,
    _ target: UnsafeMutableRawBufferPointer
  ) {
    let width = MemoryLayout<Bits>.size
    for (place, column) in columns.enumerated() {
      let bits = source.loadUnaligned(fromByteOffset: column * width, as: type)
      target.storeBytes(of: bits, toByteOffset: place * width, as: type)
    }
  }
}

extension PermutedReader {
  /// Elements read at once, at least a row.
  private static let pieceLength = 1 << 16

  /// Reads the permuted tensor from start to end.
  ///
  /// - Parameter body: takes the first element of each piece, and its bytes.
  /// - Throws: what reading or `body` throws.
  func forEachPiece(
    _ body: (_ elements: Range<Int>, _ bytes: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let piece = max(PermutedReader.pieceLength / granularity, 1) * granularity
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: scratchByteCount(elements: piece), alignment: 64)
    defer { scratch.deallocate() }
    let count = reader.record.shape.elementCount
    for first in stride(from: 0, to: count, by: piece) {
      let range = first..<min(first + piece, count)
      try body(range, bytes(of: range, scratch: scratch))
    }
  }
}
