import Checkpoints
import Tensors

/// The root mean square of what rounding to its type does to an element of each tensor: √(1/12) of
/// the spacing of numbers around it.
///
/// One pass, and two more over tensors whose squared spacings overflow or underflow.
///
/// - Parameters:
///   - records: the tensors.
///   - resources: how much of the machine to use.
/// - Returns: one for each; infinite or NaN if an element is not finite.
/// - Throws: `CheckpointError` if a file cannot be read to its end.
func roundingErrors(of records: [TensorRecord], using resources: WalkResources) throws -> [Double] {
  let squares = try roundingSquares(
    of: records.map { ($0, 1) }, threads: resources.threads)
  var errors = squares.map { $0.squareRoot() }
  let lost = records.indices.filter { records[$0].dtype == .float64 && !squares[$0].isNormal }
  guard !lost.isEmpty else { return errors }
  let factors = try statistics(of: lost.map { records[$0] }, using: resources).map {
    scalingFactor(largest: max(-$0.least, $0.greatest))
  }
  let scaled = try roundingSquares(
    of: zip(lost, factors).map { (records[$0], $1) }, threads: resources.threads)
  for (place, index) in lost.enumerated() {
    errors[index] = scaled[place].squareRoot() / factors[place]
  }
  return errors
}

/// A power of two with which elements are near 1 where their squares might overflow or underflow;
/// 1 within 2^±200, where sums of 2^50 squares stay well within the range of binary64, and where
/// there is none.
///
/// - Parameter largest: the greatest magnitude of an element.
/// - Returns: the factor, at most 2^1000.
func scalingFactor(largest: Double) -> Double {
  guard largest > 0, largest.isFinite, abs(largest.exponent) > 200 else { return 1 }
  return Double(sign: .plus, exponent: -max(largest.exponent, -1000), significand: 1)
}

/// The mean squares of what rounding does to elements, each times a power of two.
private func roundingSquares(
  of tensors: [(record: TensorRecord, factor: Double)], threads: Int
) throws -> [Double] {
  let readers = tensors.map { WideningReader($0.record) }
  let block = TensorDifference.blockLength
  let elementCounts = tensors.map(\.record.shape.elementCount)
  let floors = try ChunkedReduction(elementCounts: elementCounts).run(
    threads: threads, empty: tensors.map { _ in RoundingFloor() },
    scratchByteCount: block * MemoryLayout<Double>.stride
  ) { item, elements, scratch in
    var part = RoundingFloor()
    let (record, factor) = tensors[item]
    let values = scratch.bindMemory(to: Double.self)
    guard let start = values.baseAddress else { return part }
    for first in stride(from: elements.lowerBound, to: elements.upperBound, by: block) {
      let range = first..<min(first + block, elements.upperBound)
      try readers[item].read(range, into: start)
      if factor != 1 { for index in 0..<range.count { start[index] *= factor } }
      part.add(start, count: range.count, dtype: record.dtype, times: factor)
    }
    return part
  }
  return zip(floors, tensors).map { $0.meanSquare(of: $1.record.dtype) }
}
