import Checkpoints
import Tensors

/// The mean square of what rounding to its type does to an element of each tensor, a twelfth of the
/// squared spacing of numbers around it, in one pass.
///
/// - Parameters:
///   - records: the tensors.
///   - threads: how many work at once.
/// - Returns: one for each; infinite or NaN if an element is not finite, or a double of 2^512 or
///   more.
/// - Throws: `CheckpointError` if a file cannot be read to its end.
func roundingSquares(of records: [TensorRecord], threads: Int) throws -> [Double] {
  let readers = records.map { WideningReader($0) }
  let block = TensorDifference.blockLength
  let floors = try ChunkedReduction(elementCounts: records.map(\.shape.elementCount)).run(
    threads: threads, empty: records.map { _ in RoundingFloor() },
    scratchByteCount: block * MemoryLayout<Double>.stride
  ) { item, elements, scratch in
    var part = RoundingFloor()
    let values = scratch.bindMemory(to: Double.self)
    guard let start = values.baseAddress else { return part }
    for first in stride(from: elements.lowerBound, to: elements.upperBound, by: block) {
      let range = first..<min(first + block, elements.upperBound)
      try readers[item].read(range, into: start)
      part.add(start, count: range.count, dtype: records[item].dtype)
    }
    return part
  }
  return zip(floors, records).map { $0.meanSquare(of: $1.dtype) }
}
