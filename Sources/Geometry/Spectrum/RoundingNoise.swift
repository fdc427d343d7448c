import Checkpoints
import Tensors

/// Mean square of the spacing of numbers around the elements of a tensor, in its type.
///
/// Rounding to the nearest is off by no more than half a spacing, and spread evenly: its mean
/// square is a twelfth of this.
struct SpacingSum: Mergeable {
  private var squares = CompensatedSum()
  private var count = 0

  /// Mean of the squared spacings; 0 of no elements.
  var meanSquare: Double { count == 0 ? 0 : squares.value / Double(count) }

  /// Adds the spacings around some values; those that are not finite count as 0.
  mutating func add(_ values: UnsafeBufferPointer<Double>, of dtype: DType) {
    // Powers of two: the spacing around x is that of its binade.
    let (ofOne, least) = (dtype.spacing(around: 1), dtype.spacing(around: 0))
    var sum = 0.0
    for value in values {
      let binade = Double(bitPattern: value.bitPattern & 0x7FF0_0000_0000_0000)
      let spacing = dtype.isFloatingPoint ? max(binade * ofOne, least) : 1
      sum += spacing.isFinite ? spacing * spacing : 0
    }
    squares += sum
    count += values.count
  }

  mutating func merge(_ later: SpacingSum) {
    squares += later.squares
    count += later.count
  }
}

/// The mean squared spacing around the elements of each tensor, in one pass.
///
/// - Parameters:
///   - records: the tensors.
///   - threads: how many work at once.
/// - Returns: one for each.
/// - Throws: `CheckpointError` if a file cannot be read to its end.
func spacingSquares(of records: [TensorRecord], threads: Int) throws -> [Double] {
  let readers = records.map { WideningReader($0) }
  let block = TensorDifference.blockLength
  return try ChunkedReduction(elementCounts: records.map(\.shape.elementCount)).run(
    threads: threads, empty: records.map { _ in SpacingSum() },
    scratchByteCount: block * MemoryLayout<Double>.stride
  ) { item, elements, scratch in
    var part = SpacingSum()
    let values = scratch.bindMemory(to: Double.self)
    guard let start = values.baseAddress else { return part }
    for first in stride(from: elements.lowerBound, to: elements.upperBound, by: block) {
      let range = first..<min(first + block, elements.upperBound)
      try readers[item].read(range, into: start)
      part.add(UnsafeBufferPointer(start: start, count: range.count), of: records[item].dtype)
    }
    return part
  }.map(\.meanSquare)
}
