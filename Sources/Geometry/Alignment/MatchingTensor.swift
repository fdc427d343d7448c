import Checkpoints
import LinearAlgebra
import Tensors

/// One parameter of both models in memory, the second with its units in the order found so far.
///
/// Threads read it together, and at any time at most one of them changes it.
final class MatchingTensor: @unchecked Sendable {
  /// The stretches of the rows, then those of the columns; a vector is a matrix of one column.
  let axes: [[AxisStretch]]
  /// A compared with B in its present order.
  private(set) var difference = TensorDifference()
  private let rows: Int
  private let columns: Int
  private let a: FloatBuffer
  private let b: FloatBuffer

  /// Weights beyond this are refused, so that no sum of products overflows binary32.
  private static let largestWeight: Float = 0x1p40

  /// Reads a parameter of both models.
  ///
  /// - Parameters:
  ///   - pair: the two tensors, of one or two axes.
  ///   - axes: what each axis bears.
  /// - Throws: ``CheckpointError`` if they cannot be read, have extents that products cannot take,
  ///   or hold a weight that is not finite or beyond 2^40.
  init(_ pair: TensorPair, axes: [[AxisStretch]]) throws {
    let extents = pair.base.shape.dimensions
    (rows, columns) = (extents[0], extents.count > 1 ? extents[1] : 1)
    self.axes = axes.count > 1 ? axes : axes + [[]]
    let longestUnit = self.axes[0].filter { $0.group != nil }.map(\.unitLength).max() ?? 1
    guard max(rows, columns * longestUnit) <= Int32.max else {
      throw CheckpointError(
        .unsupported, in: pair.other.file.path, tensor: pair.other.name,
        "units of shape \(pair.other.shape) have more than 2^31 - 1 weights, which products of "
          + "matrices cannot take")
    }
    a = try MatchingTensor.read(pair.base)
    b = try MatchingTensor.read(pair.other)
  }

  /// Bytes that a parameter will take.
  static func byteCount(of pair: TensorPair) -> Int {
    2 * MemoryLayout<Float>.size * pair.base.shape.elementCount
  }

  private static func read(_ record: TensorRecord) throws -> FloatBuffer {
    let buffer = FloatBuffer(count: record.shape.elementCount)
    let (reader, piece) = (ElementReader(record), 1 << 16)
    for first in stride(from: 0, to: buffer.count, by: piece) {
      let values = buffer[first..<min(first + piece, buffer.count)]
      try reader.readFloats(first..<first + values.count, into: values)
      if let bad = values.firstIndex(where: { !($0.magnitude <= largestWeight) }) {
        throw CheckpointError(
          .unsupported, in: record.file.path, tensor: record.name,
          "element \(first + bad) is \(values[bad]), and matching needs finite weights up to 2^40")
      }
    }
    return buffer
  }

  /// Compares the two as they are.
  func measure() {
    difference = TensorDifference()
    let all = 0..<a.count
    difference.add(
      Elements(.float32, UnsafeRawBufferPointer(a[all])),
      Elements(.float32, UnsafeRawBufferPointer(b[all])), at: 0)
  }

  /// The groups whose units lie along its axes.
  var groups: Set<PermutableGroup> { Set(axes.joined().compactMap(\.group)) }
}

// MARK: - Similarity

extension MatchingTensor {
  /// Adds ⟨unit i of A, unit j of B⟩ to row i, column j of the similarity of a group's units.
  ///
  /// - Parameters:
  ///   - group: whose units.
  ///   - tile: the rows to add to.
  ///   - target: the tile, [tile, units].
  func addSimilarity(
    of group: PermutableGroup, rows tile: Range<Int>, to target: UnsafeMutablePointer<Float>
  ) {
    for stretch in axes[0] where stretch.group == group {
      addRowUnits(stretch, tile, to: target)
    }
    for stretch in axes[1] where stretch.group == group {
      if stretch.unitLength == 1 {
        addColumnUnits(stretch, tile, to: target)
      } else {
        addWideColumnUnits(stretch, tile, to: target)
      }
    }
  }

  /// Units that are whole rows lie one after the other.
  private func addRowUnits(
    _ stretch: AxisStretch, _ tile: Range<Int>, to target: UnsafeMutablePointer<Float>
  ) {
    let unit = stretch.unitLength * columns
    multiply(
      rows: tile.count, columns: stretch.count, inner: unit,
      MatrixOperand(
        a.start + stretch.start * columns + tile.lowerBound * unit, rowStride: max(unit, 1)),
      MatrixOperand(b.start + stretch.start * columns, rowStride: max(unit, 1), isTransposed: true),
      into: target, rowStride: stretch.count, accumulating: true)
  }

  private func addColumnUnits(
    _ stretch: AxisStretch, _ tile: Range<Int>, to target: UnsafeMutablePointer<Float>
  ) {
    multiply(
      rows: tile.count, columns: stretch.count, inner: rows,
      MatrixOperand(
        a.start + stretch.start + tile.lowerBound, rowStride: columns, isTransposed: true),
      MatrixOperand(b.start + stretch.start, rowStride: columns), into: target,
      rowStride: stretch.count, accumulating: true)
  }

  /// Units of several columns, such as heads: row by row, as each row holds them side by side.
  private func addWideColumnUnits(
    _ stretch: AxisStretch, _ tile: Range<Int>, to target: UnsafeMutablePointer<Float>
  ) {
    let unit = stretch.unitLength
    for row in 0..<rows {
      let first = row * columns + stretch.start
      multiply(
        rows: tile.count, columns: stretch.count, inner: unit,
        MatrixOperand(a.start + first + tile.lowerBound * unit, rowStride: max(unit, 1)),
        MatrixOperand(b.start + first, rowStride: max(unit, 1), isTransposed: true), into: target,
        rowStride: stretch.count, accumulating: true)
    }
  }
}

// MARK: - Moving units

extension MatchingTensor {
  /// Moves the units of B, in place, and measures again.
  ///
  /// - Parameters:
  ///   - group: whose units.
  ///   - order: position i gets unit order[i].
  func move(_ group: PermutableGroup, by order: [Int]) {
    if let sources = sources(axes[0], group, order) { moveRows(sources) }
    if let sources = sources(axes[1], group, order) { moveColumns(sources) }
    measure()
  }

  private func sources(_ axis: [AxisStretch], _ group: PermutableGroup, _ order: [Int]) -> [Int]? {
    guard axis.contains(where: { $0.group == group }) else { return nil }
    return axis.flatMap { sourcePositions(of: $0, order: $0.group == group ? order : nil) }
  }

  /// Follows each cycle of the permutation with one row set aside.
  private func moveRows(_ sources: [Int]) {
    let spare = UnsafeMutablePointer<Float>.allocate(capacity: max(columns, 1))
    defer { spare.deallocate() }
    var isDone = [Bool](repeating: false, count: rows)
    for first in 0..<rows where !isDone[first] && sources[first] != first {
      spare.update(from: b.start + first * columns, count: columns)
      var row = first
      while sources[row] != first {
        (b.start + row * columns).update(from: b.start + sources[row] * columns, count: columns)
        isDone[row] = true
        row = sources[row]
      }
      (b.start + row * columns).update(from: spare, count: columns)
      isDone[row] = true
    }
  }

  private func moveColumns(_ sources: [Int]) {
    let spare = UnsafeMutablePointer<Float>.allocate(capacity: max(columns, 1))
    defer { spare.deallocate() }
    for row in 0..<rows {
      let start = b.start + row * columns
      spare.update(from: start, count: columns)
      for (place, column) in sources.enumerated() { start[place] = spare[column] }
    }
  }
}
