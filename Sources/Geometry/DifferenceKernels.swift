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
  ///   - loops: the C loops to use; the bits do not depend on them.
  mutating func add(
    _ a: Elements, _ b: Elements, at offset: Int, by loops: difference_loops = .best
  ) {
    precondition(a.count == b.count)
    let kernels = DifferenceKernels(a.dtype, b.dtype, in: loops)
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

/// The C loops for two element types, in one instruction set.
struct DifferenceKernels {
  private let kernels: difference_kernels
  private let mixture: Mixture?

  /// The loops for two types, or `nil` for those too rare in checkpoints to have any.
  init?(_ a: DType, _ b: DType, in loops: difference_loops) {
    guard let kernelsA = loops[a], let kernelsB = loops[b] else { return nil }
    kernels = a == b ? kernelsA : loops.f64
    mixture = a == b ? nil : Mixture(a, kernelsA.widen, b, kernelsB.widen, loops.mixed_counts)
  }

  /// Sums and counts of a block, or `nil` if it holds NaN, infinities, or doubles whose squares
  /// overflow or underflow: what those mean is left to the plain loop.
  func measure(
    _ a: Elements, _ b: Elements
  ) -> (sums: difference_sums, counts: agreement_counts)? {
    var (sums, counts) = (difference_sums(), agreement_counts())
    withOneType(a, b) { bytesA, bytesB in
      kernels.measure(bytesA, bytesB, a.count, &sums, &counts)
      if let mixture { counts = mixture.counts(bytesA, bytesB, a.count) }
    }
    guard sums.squared.isFinite, sums.squared_a.isFinite, sums.squared_b.isFinite,
      sums.largest_squared >= .leastNormalMagnitude || counts.equal == a.count
    else { return nil }
    return (sums, counts)
  }

  /// Where in a block the first difference with this square is.
  func position(_ a: Elements, _ b: Elements, _ squared: Double) -> Int {
    withOneType(a, b) { kernels.position($0, $1, a.count, squared) }
  }

  /// Calls `body` with elements of one type: widened if there are two.
  private func withOneType<Result>(
    _ a: Elements, _ b: Elements, _ body: (UnsafeRawPointer?, UnsafeRawPointer?) -> Result
  ) -> Result {
    guard let mixture else { return body(a.bytes.baseAddress, b.bytes.baseAddress) }
    return mixture.withDoubles(a, b, body)
  }
}

/// Two element types, compared after both are widened, which is exact.
private struct Mixture {
  typealias Widening =
    @convention(c) (UnsafeRawPointer?, Int, UnsafeMutablePointer<Double>?) -> Void
  typealias Counting =
    @convention(c) (
      UnsafePointer<Double>?, UnsafePointer<Double>?, Int, Double, Double,
      UnsafeMutablePointer<agreement_counts>
    ) -> Void

  private let widenA: Widening
  private let widenB: Widening
  private let count: Counting
  /// Of the coarser type: its spacing around 1, and around 0.
  private let ulpOfOne: Double
  private let leastSpacing: Double

  init(_ a: DType, _ widenA: Widening, _ b: DType, _ widenB: Widening, _ count: Counting) {
    (self.widenA, self.widenB, self.count) = (widenA, widenB, count)
    ulpOfOne = max(a.spacing(around: 1), b.spacing(around: 1))
    leastSpacing = max(a.spacing(around: 0), b.spacing(around: 0))
  }

  func withDoubles<Result>(
    _ a: Elements, _ b: Elements, _ body: (UnsafeRawPointer?, UnsafeRawPointer?) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * a.count) { doubles in
      let (first, second) = (doubles.baseAddress, doubles.baseAddress.map { $0 + a.count })
      widenA(a.bytes.baseAddress, a.count, first)
      widenB(b.bytes.baseAddress, b.count, second)
      return body(first, second)
    }
  }

  /// Counts over `length` doubles each.
  func counts(_ a: UnsafeRawPointer?, _ b: UnsafeRawPointer?, _ length: Int) -> agreement_counts {
    var counts = agreement_counts()
    count(
      a?.assumingMemoryBound(to: Double.self), b?.assumingMemoryBound(to: Double.self), length,
      ulpOfOne, leastSpacing, &counts)
    return counts
  }
}

extension difference_loops {
  /// Those of each instruction set that this processor has, the best one last. All give the same
  /// bits.
  static let available: [difference_loops] = [
    INSTRUCTION_SET_BASELINE, INSTRUCTION_SET_AVX2, INSTRUCTION_SET_AVX512,
  ].compactMap { loops_of_instruction_set($0)?.pointee }

  static let best = available[available.count - 1]

  /// Writes the values of elements as doubles.
  ///
  /// - Parameters:
  ///   - elements: of any type.
  ///   - target: room for as many doubles.
  func widen(_ elements: Elements, into target: UnsafeMutablePointer<Double>) {
    guard let kernels = self[elements.dtype] else {
      for index in 0..<elements.count { target[index] = elements.value(at: index) }
      return
    }
    kernels.widen(elements.bytes.baseAddress, elements.count, target)
  }

  /// The loops for a type, or `nil` for those too rare in checkpoints to have any.
  subscript(dtype: DType) -> difference_kernels? {
    switch dtype {
    case .float64: f64
    case .float32: f32
    case .float16: f16
    case .bfloat16: bf16
    default: nil
    }
  }
}
