import CKernels
import Checkpoints
import LinearAlgebra
import Tensors

/// A tensor, or the difference A − B of two, as a matrix of [outermost extent, all others],
/// transposed if that makes it tall; read from its files panel by panel.
struct StoredMatrix: TallMatrix {
  private let a: WideningReader
  private let b: WideningReader?
  /// As stored.
  private let rows: Int
  private let columns: Int
  private let factor: Double

  /// Describes a matrix.
  ///
  /// - Parameters:
  ///   - a: of rank 2 or more.
  ///   - b: of the same shape, or `nil` for a alone.
  ///   - factor: what every element is multiplied by, a power of two.
  init(_ a: TensorRecord, minus b: TensorRecord?, factor: Double = 1) {
    (self.a, self.b, self.factor) = (WideningReader(a), b.map { WideningReader($0) }, factor)
    (rows, columns) = a.shape.matrixExtents
  }

  var rowCount: Int { max(rows, columns) }
  var columnCount: Int { min(rows, columns) }

  func read(_ range: Range<Int>, into panel: UnsafeMutablePointer<Double>) throws {
    guard rows < columns else {
      let elements = range.lowerBound * columns..<range.upperBound * columns
      return try readElements(elements, into: panel)
    }
    try readTransposed(range, into: panel)
  }

  /// Σ of the squares of all elements, each times the factor.
  ///
  /// - Throws: `CheckpointError` if a file has shrunk.
  func squaredSum() throws -> Double {
    let block = TensorDifference.blockLength
    var sum = CompensatedSum()
    try withUnsafeTemporaryAllocation(of: Double.self, capacity: block) { buffer in
      guard let start = buffer.baseAddress else { return }
      for first in stride(from: 0, to: rows * columns, by: block) {
        let range = first..<min(first + block, rows * columns)
        try readElements(range, into: start)
        sum += (0..<range.count).reduce(0) { $0 + start[$1] * start[$1] }
      }
    }
    return sum.value
  }

  /// Rows of the transpose, which are columns as stored: eight stored rows at a time, which fill
  /// a cache line of each row of the panel.
  private func readTransposed(
    _ range: Range<Int>, into panel: UnsafeMutablePointer<Double>
  ) throws {
    let (width, together) = (range.count, 8)
    try withUnsafeTemporaryAllocation(of: Double.self, capacity: together * width) { buffer in
      guard let lines = buffer.baseAddress else { return }
      for first in stride(from: 0, to: rows, by: together) {
        let count = min(together, rows - first)
        for line in 0..<count {
          let start = (first + line) * columns
          try readElements(
            start + range.lowerBound..<start + range.upperBound, into: lines + line * width)
        }
        for column in 0..<width {
          let target = panel + (column * rows + first)
          for line in 0..<count { target[line] = lines[line * width + column] }
        }
      }
    }
  }

  /// Elements as stored, row-major.
  private func readElements(
    _ range: Range<Int>, into target: UnsafeMutablePointer<Double>
  ) throws {
    let block = TensorDifference.blockLength
    try withUnsafeTemporaryAllocation(of: Double.self, capacity: block) { others in
      guard let others = others.baseAddress else { return }
      for first in stride(from: range.lowerBound, to: range.upperBound, by: block) {
        let piece = first..<min(first + block, range.upperBound)
        let place = target + (first - range.lowerBound)
        try a.read(piece, into: place)
        if let b {
          try b.read(piece, into: others)
          for index in 0..<piece.count { place[index] -= others[index] }
        }
        if factor != 1 { for index in 0..<piece.count { place[index] *= factor } }
      }
    }
  }
}

extension Shape {
  /// Rows and columns of a tensor as a matrix: its outermost extent, and all others together.
  ///
  /// - Precondition: the rank is at least 2.
  var matrixExtents: (rows: Int, columns: Int) {
    precondition(rank >= 2)
    return (dimensions[0], dimensions.dropFirst().reduce(1, *))
  }
}

/// Reads elements of any type as binary64.
struct WideningReader: Sendable {
  private let reader: ElementReader
  private let widen:
    (@convention(c) (UnsafeRawPointer?, Int, UnsafeMutablePointer<Double>?) -> Void)?

  init(_ record: TensorRecord) {
    reader = ElementReader(record)
    widen = difference_loops.best[record.dtype]?.widen
  }

  /// Reads a range of elements, in row-major order.
  ///
  /// - Parameters:
  ///   - range: at most ``TensorDifference/blockLength`` positions.
  ///   - target: has room for them.
  /// - Throws: `CheckpointError` if the file has shrunk.
  func read(_ range: Range<Int>, into target: UnsafeMutablePointer<Double>) throws {
    let byteCount = reader.scratchByteCount(elements: range.count)
    guard byteCount > 0 else {
      let none = UnsafeMutableRawBufferPointer(start: nil, count: 0)
      return decode(try reader.bytes(of: range, scratch: none), into: target)
    }
    try withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 16) { scratch in
      decode(try reader.bytes(of: range, scratch: scratch), into: target)
    }
  }

  private func decode(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutablePointer<Double>) {
    let elements = Elements(reader.record.dtype, bytes)
    if let widen { return widen(bytes.baseAddress, elements.count, target) }
    for index in 0..<elements.count { target[index] = elements.value(at: index) }
  }
}
