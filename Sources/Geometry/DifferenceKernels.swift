import CKernels
import Tensors

extension TensorDifference {
  /// Elements of a block: the sums of each block round alone, whatever is read at once.
  static let blockLength = 4096

  /// Adds elements, block by block.
  ///
  /// - Parameters:
  ///   - a: the base's elements, as many as `b` has.
  ///   - b: the other's elements.
  ///   - offset: the position of the first of them in the tensor, a multiple of the block length.
  mutating func add(_ a: Elements, _ b: Elements, at offset: Int) {
    precondition(a.count == b.count)
    let kernels = a.dtype == b.dtype ? DifferenceKernels(a.dtype) : nil
    // No difference is less, and where there is none the first element has the largest.
    if largestIndex == nil, a.count > 0 { offer(0, at: offset) }
    var largest = LargestBlock(squared: self.largest * self.largest)
    for first in stride(from: 0, to: a.count, by: TensorDifference.blockLength) {
      let block = first..<min(first + TensorDifference.blockLength, a.count)
      if let found = kernels?.measure(a[block], b[block]) {
        add(found.sums, found.counts, elements: block.count)
        largest.offer(found.sums.largest_squared, block)
      } else {
        locate(&largest, a, b, at: offset, by: kernels)
        addPlainly(a[block], b[block], at: offset + first)
        largest.squared = self.largest * self.largest
      }
    }
    locate(&largest, a, b, at: offset, by: kernels)
  }

  /// Finds the element that made a block the one with the largest difference.
  private mutating func locate(
    _ largest: inout LargestBlock, _ a: Elements, _ b: Elements, at offset: Int,
    by kernels: DifferenceKernels?
  ) {
    guard let block = largest.block, let kernels else { return }
    let index = block.lowerBound + kernels.position(a[block], b[block], largest.squared)
    offer((a.value(at: index) - b.value(at: index)).magnitude, at: offset + index)
    largest.block = nil
  }

  private mutating func add(
    _ sum: difference_sums, _ agreement: agreement_counts, elements: Int
  ) {
    count += elements
    squaredSum += sum.squared
    productSum += sum.product
    squaredSumA += sum.squared_a
    squaredSumB += sum.squared_b
    plainSum += sum.plain
    identical += Int(agreement.identical)
    equal += Int(agreement.equal)
    withinOneULP += Int(agreement.neighbours)
  }
}

/// The first block that holds the largest squared difference so far.
private struct LargestBlock {
  var squared: Double
  var block: Range<Int>?

  mutating func offer(_ candidate: Double, _ block: Range<Int>) {
    if candidate > squared { (squared, self.block) = (candidate, block) }
  }
}

/// The C loops for one element type.
private struct DifferenceKernels {
  typealias Loop<Result> = (
    UnsafeRawPointer?, UnsafeRawPointer?, Int, UnsafeMutablePointer<Result>?
  ) -> Void
  typealias Search = (UnsafeRawPointer?, UnsafeRawPointer?, Int, Double) -> Int

  private let sums: Loop<difference_sums>
  private let counts: Loop<agreement_counts>
  private let search: Search

  /// The loops for a type, or `nil` for the types that are too rare in checkpoints to have any.
  init?(_ dtype: DType) {
    switch dtype {
    case .float32:
      (sums, counts) = (difference_sums_f32, agreement_counts_f32)
      search = position_of_difference_f32
    case .float64:
      (sums, counts) = (difference_sums_f64, agreement_counts_f64)
      search = position_of_difference_f64
    case .float16:
      (sums, counts) = (difference_sums_f16, agreement_counts_f16)
      search = position_of_difference_f16
    case .bfloat16:
      (sums, counts) = (difference_sums_bf16, agreement_counts_bf16)
      search = position_of_difference_bf16
    default: return nil
    }
  }

  /// Sums and counts of a block, or `nil` if it holds NaN, infinities, or doubles whose squares
  /// overflow or underflow: what those mean is left to the plain loop.
  func measure(
    _ a: Elements, _ b: Elements
  ) -> (sums: difference_sums, counts: agreement_counts)? {
    var (sum, count) = (difference_sums(), agreement_counts())
    // The sums come first: their loop fetches ahead of itself.
    sums(a.bytes.baseAddress, b.bytes.baseAddress, a.count, &sum)
    counts(a.bytes.baseAddress, b.bytes.baseAddress, a.count, &count)
    guard sum.squared.isFinite, sum.squared_a.isFinite, sum.squared_b.isFinite,
      sum.largest_squared >= .leastNormalMagnitude || count.equal == a.count
    else { return nil }
    return (sum, count)
  }

  /// Where in a block the first difference with this square is.
  func position(_ a: Elements, _ b: Elements, _ squared: Double) -> Int {
    search(a.bytes.baseAddress, b.bytes.baseAddress, a.count, squared)
  }
}
