import Tensors

/// The elements of a matrix to which a product of two thin ones was added:
///
///     W[i, j] + scale · (Σ_k L[i, k] R[k, j])
///
/// Products and sums are in binary64, in the order of k and without fused operations; the result is
/// rounded once to the type of W. So every element has the same bits however it is asked for.
///
/// A read takes as many rows of L as it has rows, and R or a window of it, and keeps nothing.
///
/// Source: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", equation 3.
final class LowRankElements: EncodedElements {
  let byteCount: Int

  private let base: TensorRecord
  private let left: ElementReader
  private let right: ElementReader
  private let scale: Double
  private let pieces: DecodedPieces
  private let columns: Int
  private let rank: Int

  /// Creates the elements of one matrix.
  ///
  /// - Parameters:
  ///   - base: W, [rows, columns] of a floating-point type.
  ///   - left: L, [rows, rank].
  ///   - right: R, [rank, columns].
  ///   - scale: the factor of the product.
  ///   - pieces: what all matrices of an adapter share.
  /// - Precondition: the shapes agree.
  init(
    base: TensorRecord, left: TensorRecord, right: TensorRecord, scale: Double,
    pieces: DecodedPieces
  ) {
    precondition(
      base.shape.rank == 2 && base.dtype.isFloatingPoint
        && left.shape.dimensions == [base.shape.dimensions[0], right.shape.dimensions[0]]
        && right.shape.dimensions[1] == base.shape.dimensions[1])
    (self.base, self.scale, self.pieces) = (base, scale, pieces)
    (self.left, self.right) = (ElementReader(left), ElementReader(right))
    (columns, rank) = (base.shape.dimensions[1], right.shape.dimensions[0])
    byteCount = base.shape.byteCount(of: base.dtype)
  }

  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws {
    let width = base.dtype.byteCount
    let elements = range.lowerBound / width..<range.upperBound / width
    guard !elements.isEmpty else { return }
    let rows = elements.lowerBound / columns..<(elements.upperBound - 1) / columns + 1
    // Part of one row needs only those columns of R.
    let window =
      rows.count == 1
      ? elements.lowerBound - rows.lowerBound * columns..<elements.upperBound
        - rows.lowerBound * columns : 0..<columns
    let factors = try Factors(left, right, rows: rows, columns: window, rank: rank)
    try ElementReader(base).withBytes(of: elements) { bytes in
      var sums = [Double](repeating: 0, count: window.count)
      for row in rows {
        factors.product(row: row, into: &sums)
        let own = elements.clamped(to: row * columns..<(row + 1) * columns)
        for element in own {
          let place = (element - elements.lowerBound) * width
          let sum = sums[element - row * columns - window.lowerBound]
          base.dtype.store(
            nearestTo: base.dtype.value(in: bytes, at: place) + scale * sum, in: target, at: place)
        }
      }
    }
  }

  func whole() throws -> [UInt8] {
    guard byteCount <= DecodedPieces.wholeLimit else {
      throw CheckpointError(
        .unsupported, in: base.file.path, tensor: base.name,
        "\(byteCount) bytes with an adapter merged in are too many to be transposed")
    }
    return try pieces.whole(of: self)
  }
}

/// Some rows of L and some columns of R.
private struct Factors {
  private let rows: Range<Int>
  private let columns: Range<Int>
  private let rank: Int
  /// [rows, rank].
  private let left: [Double]
  /// [rank, columns].
  private let right: [Double]

  init(
    _ left: ElementReader, _ right: ElementReader, rows: Range<Int>, columns: Range<Int>, rank: Int
  ) throws {
    (self.rows, self.columns, self.rank) = (rows, columns, rank)
    self.left = try left.doubles(rows.lowerBound * rank..<rows.upperBound * rank)
    let width = right.record.shape.dimensions[1]
    self.right =
      try columns.count == width
      ? right.doubles(0..<rank * width)
      : (0..<rank).flatMap {
        try right.doubles($0 * width + columns.lowerBound..<$0 * width + columns.upperBound)
      }
  }

  /// One row of the product.
  func product(row: Int, into sums: inout [Double]) {
    let (count, first) = (columns.count, (row - rows.lowerBound) * rank)
    sums.withUnsafeMutableBufferPointer { sums in
      sums.update(repeating: 0)
      right.withUnsafeBufferPointer { right in
        for k in 0..<rank {
          let factor = left[first + k]
          for column in 0..<count { sums[column] += factor * right[k * count + column] }
        }
      }
    }
  }
}

extension ElementReader {
  /// Calls a function with the bytes of a range of elements.
  fileprivate func withBytes(
    of range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let count = scratchByteCount(elements: range.count)
    try withUnsafeTemporaryAllocation(byteCount: count, alignment: 16) { scratch in
      try body(bytes(of: range, scratch: scratch))
    }
  }

  /// A range of elements, widened.
  fileprivate func doubles(_ range: Range<Int>) throws -> [Double] {
    var values = [Double](repeating: 0, count: range.count)
    let (dtype, width) = (record.dtype, record.dtype.byteCount)
    try withBytes(of: range) { bytes in
      for index in values.indices { values[index] = dtype.value(in: bytes, at: index * width) }
    }
    return values
  }
}
