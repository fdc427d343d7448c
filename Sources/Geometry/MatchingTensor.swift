import Checkpoints
import LinearAlgebra
import Tensors

/// One parameter of both models in memory, the second with its units in the order found so far.
///
/// Threads read it together, and at any time at most one of them changes it.
final class MatchingTensor: @unchecked Sendable {
  /// The stretches of the rows, then those of the columns; a vector is a matrix of one column.
  let axes: [[AxisStretch]]
  /// ⟨A, B⟩ of the present order.
  private(set) var difference = TensorDifference()
  private let rows: Int
  private let columns: Int
  private let a: UnsafeMutableBufferPointer<Float>
  private let b: UnsafeMutableBufferPointer<Float>

  /// Weights beyond this are refused, so that no sum of products overflows binary32.
  private static let largestWeight: Float = 0x1p40

  /// Reads a parameter of both models.
  ///
  /// - Parameters:
  ///   - pair: the two tensors, of one or two axes.
  ///   - axes: what each axis bears.
  /// - Throws: ``CheckpointError`` if they cannot be read, or hold a weight that is not finite or
  ///   beyond 2^40.
  init(_ pair: TensorPair, axes: [[AxisStretch]]) throws {
    let extents = pair.base.shape.dimensions
    (rows, columns) = (extents[0], extents.count > 1 ? extents[1] : 1)
    self.axes = axes.count > 1 ? axes : axes + [[]]
    a = .allocate(capacity: rows * columns)
    b = .allocate(capacity: rows * columns)
    try MatchingTensor.read(pair.base, into: a)
    try MatchingTensor.read(pair.other, into: b)
  }

  deinit {
    a.deallocate()
    b.deallocate()
  }

  /// Bytes that a parameter will take.
  static func byteCount(of pair: TensorPair) -> Int {
    2 * MemoryLayout<Float>.size * pair.base.shape.elementCount
  }

  private static func read(
    _ record: TensorRecord, into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    let reader = ElementReader(record)
    let piece = 1 << 16
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: reader.scratchByteCount(elements: piece), alignment: 64)
    defer { scratch.deallocate() }
    for first in stride(from: 0, to: target.count, by: piece) {
      let range = first..<min(first + piece, target.count)
      let elements = Elements(record.dtype, try reader.bytes(of: range, scratch: scratch))
      for index in 0..<range.count {
        let value = Float(elements.value(at: index))
        guard value.magnitude <= largestWeight else {
          throw CheckpointError(
            .unsupported, in: record.file.path, tensor: record.name,
            "element \(first + index) is \(value), and matching needs finite weights up to 2^40")
        }
        target[first + index] = value
      }
    }
  }

  /// Compares the two as they are.
  func measure() {
    difference = TensorDifference()
    difference.add(
      Elements(.float32, UnsafeRawBufferPointer(a)), Elements(.float32, UnsafeRawBufferPointer(b)),
      at: 0)
  }

  /// Whether units of a group lie along an axis.
  func bears(_ group: UnitGroup) -> Bool { axes.joined().contains { $0.group == group } }

  /// The groups whose units lie along its axes.
  var groups: Set<UnitGroup> { Set(axes.joined().compactMap(\.group)) }
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
    of group: UnitGroup, rows tile: Range<Int>, to target: UnsafeMutablePointer<Float>
  ) {
    guard let a = a.baseAddress, let b = b.baseAddress else { return }
    for stretch in axes[0] where stretch.group == group {
      addRowUnits(stretch, tile, a, b, to: target)
    }
    for stretch in axes[1] where stretch.group == group {
      if stretch.unitLength == 1 {
        addColumnUnits(stretch, tile, a, b, to: target)
      } else {
        addWideColumnUnits(stretch, tile, a, b, to: target)
      }
    }
  }

  /// Units that are whole rows lie one after the other.
  private func addRowUnits(
    _ stretch: AxisStretch, _ tile: Range<Int>, _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>
  ) {
    let unit = stretch.unitLength * columns
    multiply(
      rows: tile.count, columns: stretch.count, inner: unit,
      MatrixOperand(a + stretch.start * columns + tile.lowerBound * unit, rowStride: max(unit, 1)),
      MatrixOperand(b + stretch.start * columns, rowStride: max(unit, 1), isTransposed: true),
      into: target, rowStride: stretch.count, accumulating: true)
  }

  private func addColumnUnits(
    _ stretch: AxisStretch, _ tile: Range<Int>, _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>
  ) {
    multiply(
      rows: tile.count, columns: stretch.count, inner: rows,
      MatrixOperand(a + stretch.start + tile.lowerBound, rowStride: columns, isTransposed: true),
      MatrixOperand(b + stretch.start, rowStride: columns), into: target,
      rowStride: stretch.count, accumulating: true)
  }

  /// Units of several columns, such as heads: row by row, as each row holds them side by side.
  private func addWideColumnUnits(
    _ stretch: AxisStretch, _ tile: Range<Int>, _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>
  ) {
    let unit = stretch.unitLength
    for row in 0..<rows {
      let first = row * columns + stretch.start
      multiply(
        rows: tile.count, columns: stretch.count, inner: unit,
        MatrixOperand(a + first + tile.lowerBound * unit, rowStride: max(unit, 1)),
        MatrixOperand(b + first, rowStride: max(unit, 1), isTransposed: true), into: target,
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
  func move(_ group: UnitGroup, by order: [Int]) {
    if let sources = sources(axes[0], group, order) { moveRows(sources) }
    if let sources = sources(axes[1], group, order) { moveColumns(sources) }
    measure()
  }

  private func sources(_ axis: [AxisStretch], _ group: UnitGroup, _ order: [Int]) -> [Int]? {
    guard axis.contains(where: { $0.group == group }) else { return nil }
    return axis.flatMap { sourcePositions(of: $0, order: $0.group == group ? order : nil) }
  }

  /// Follows each cycle of the permutation with one row set aside.
  private func moveRows(_ sources: [Int]) {
    guard let b = b.baseAddress else { return }
    let spare = UnsafeMutablePointer<Float>.allocate(capacity: max(columns, 1))
    defer { spare.deallocate() }
    var isDone = [Bool](repeating: false, count: rows)
    for first in 0..<rows where !isDone[first] && sources[first] != first {
      spare.update(from: b + first * columns, count: columns)
      var row = first
      while sources[row] != first {
        (b + row * columns).update(from: b + sources[row] * columns, count: columns)
        isDone[row] = true
        row = sources[row]
      }
      (b + row * columns).update(from: spare, count: columns)
      isDone[row] = true
    }
  }

  private func moveColumns(_ sources: [Int]) {
    guard let b = b.baseAddress else { return }
    let spare = UnsafeMutablePointer<Float>.allocate(capacity: max(columns, 1))
    defer { spare.deallocate() }
    for row in 0..<rows {
      let start = b + row * columns
      spare.update(from: start, count: columns)
      for (place, column) in sources.enumerated() { start[place] = spare[column] }
    }
  }
}
