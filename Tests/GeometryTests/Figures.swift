import CKernels
import Tensors
import TestSupport

@testable import Geometry

extension TensorDifference {
  /// Every figure as bits, all NaN alike.
  var figures: [UInt64] {
    let sums = [squared, product, squaredA, squaredB, plainSum.value, largest]
    let counts = [
      count, identical, equal, withinOneULP, nanA, infiniteA, nanB, infiniteB, largestIndex ?? -1,
    ]
    return sums.map { $0.isNaN ? Double.nan.bitPattern : $0.bitPattern }
      + counts.map { UInt64(bitPattern: Int64($0)) }
  }

  /// What the kernels find, or the plain loop where there are none.
  static func measured(
    _ a: Elements, _ b: Elements, by loops: difference_loops = .best
  ) -> TensorDifference {
    var difference = TensorDifference()
    difference.add(a, b, at: 0, by: loops)
    return difference
  }

  /// What the plain loop finds, block by block.
  static func plainly(_ a: Elements, _ b: Elements) -> TensorDifference {
    var difference = TensorDifference()
    for first in stride(from: 0, to: a.count, by: blockLength) {
      let block = first..<min(first + blockLength, a.count)
      difference.addPlainly(a[block], b[block], at: first)
    }
    return difference
  }
}

/// Runs `body` on elements that lie in two arrays.
func withElements<Result>(
  _ dtype: DType, _ a: [UInt8], _ b: [UInt8], _ otherDType: DType? = nil,
  _ body: (Elements, Elements) throws -> Result
) rethrows -> Result {
  try a.withUnsafeBytes { a in
    try b.withUnsafeBytes { b in
      try body(Elements(dtype, a), Elements(otherDType ?? dtype, b))
    }
  }
}

/// The difference of two lists of numbers, stored in a type.
func difference(
  _ dtype: DType, _ a: [Double], _ b: [Double], _ otherDType: DType? = nil
) -> TensorDifference {
  withElements(
    dtype, a.flatMap { dtype.encoded($0) }, b.flatMap { (otherDType ?? dtype).encoded($0) },
    otherDType
  ) { TensorDifference.measured($0, $1) }
}
