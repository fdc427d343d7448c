import CKernels
import Tensors

/// A weighted sum of elements in memory, as ``Combiner`` defines it.
struct WeightedSum {
  /// One for each checkpoint that takes part, of one length.
  let inputs: [Elements]
  /// None is 0.
  let coefficients: [Double]
  /// The type to round to.
  let dtype: DType

  /// Elements summed at once: three arrays of so many doubles stay in the first-level cache.
  static let blockLength = 1024

  init(_ inputs: [Elements], coefficients: [Double], dtype: DType) {
    (self.inputs, self.coefficients, self.dtype) = (inputs, coefficients, dtype)
  }

  var count: Int { inputs[0].count }

  /// Computes the elements.
  ///
  /// - Parameters:
  ///   - output: takes them.
  ///   - loops: the C loops to use; the bits do not depend on them.
  /// - Returns: what became of them.
  func round(
    into output: UnsafeMutableRawBufferPointer, by loops: CombinationLoops
  ) -> CombinationTally {
    guard let kernels = CombinationKernels(inputs.map(\.dtype), dtype, in: loops) else {
      return roundPlainly(into: output)
    }
    var tally = CombinationTally()
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 3 * WeightedSum.blockLength) {
      for first in stride(from: 0, to: count, by: WeightedSum.blockLength) {
        let block = first..<min(first + WeightedSum.blockLength, count)
        tally.add(round(block, kernels, into: output, work: $0), elements: block.count)
      }
    }
    return tally
  }

  private func round(
    _ block: Range<Int>, _ kernels: CombinationKernels, into output: UnsafeMutableRawBufferPointer,
    work: UnsafeMutableBufferPointer<Double>
  ) -> rounding_counts {
    let sums = work.baseAddress
    let anchors = sums.map { $0 + WeightedSum.blockLength }
    let target = output.baseAddress.map { $0 + block.lowerBound * dtype.byteCount }
    kernels.inputs[0].begin(
      inputs[0][block].bytes.baseAddress, block.count, coefficients[0], anchors, sums)
    for (index, kernel) in kernels.inputs.enumerated().dropFirst() {
      kernel.add(inputs[index][block].bytes.baseAddress, block.count, coefficients[index], sums)
    }
    var counts = rounding_counts()
    var kept = anchors
    if inputs[0].dtype != dtype {
      // Rounded alone, the anchors show what they would become without a change.
      kept = sums.map { $0 + 2 * WeightedSum.blockLength }
      kernels.output.round(anchors, anchors, anchors, block.count, target, &counts)
      kernels.output.begin(target, block.count, 1, kept, kept)
    }
    kernels.output.round(sums, anchors, kept, block.count, target, &counts)
    return counts
  }
}

/// The C loops of one instruction set.
struct CombinationLoops: Sendable {
  fileprivate let loops: combination_loops

  /// Those that this processor has, the best one last. All give the same bits.
  static let available: [CombinationLoops] = [
    INSTRUCTION_SET_BASELINE, INSTRUCTION_SET_AVX2, INSTRUCTION_SET_AVX512,
  ].compactMap { combination_loops_of_instruction_set($0) }.map {
    CombinationLoops(loops: $0.pointee)
  }

  static let best = available[available.count - 1]

  fileprivate subscript(dtype: DType) -> combination_kernels? {
    switch dtype {
    case .float64: loops.f64
    case .float32: loops.f32
    case .float16: loops.f16
    case .bfloat16: loops.bf16
    default: nil
    }
  }
}

/// The C loops for given types.
private struct CombinationKernels {
  let inputs: [combination_kernels]
  let output: combination_kernels

  /// The loops, or `nil` if a type is too rare in checkpoints to have any.
  init?(_ inputs: [DType], _ output: DType, in loops: CombinationLoops) {
    let found = inputs.compactMap { loops[$0] }
    guard let output = loops[output], found.count == inputs.count else { return nil }
    (self.inputs, self.output) = (found, output)
  }
}
