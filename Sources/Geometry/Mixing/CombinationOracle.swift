import Tensors

extension WeightedSum {
  /// Computes the elements one at a time, for any types.
  ///
  /// The plain twin of the C kernels; both give the same bits.
  ///
  /// - Parameter output: takes the elements.
  /// - Returns: what became of them.
  func roundPlainly(into output: UnsafeMutableRawBufferPointer) -> CombinationTally {
    var tally = CombinationTally()
    for index in 0..<count {
      let anchor = inputs[0].value(at: index)
      let sum = sum(at: index)
      dtype.store(nearestTo: sum, in: output, at: index * dtype.byteCount)
      let isChanged = (sum - anchor).magnitude > anchor.magnitude * 0x1p-48
      let rounded = dtype.rounded(sum)
      tally.count += 1
      tally.changed += isChanged ? 1 : 0
      tally.swallowed += isChanged && rounded == dtype.rounded(anchor) ? 1 : 0
      tally.nonfinite += rounded.isFinite ? 0 : 1
    }
    return tally
  }

  private func sum(at index: Int) -> Double {
    var sum = coefficients[0] * inputs[0].value(at: index)
    for (input, coefficient) in zip(inputs, coefficients).dropFirst() {
      sum += coefficient * input.value(at: index)
    }
    return sum
  }
}

extension DType {
  /// The element nearest to a number, as a number.
  fileprivate func rounded(_ value: Double) -> Double {
    withUnsafeTemporaryAllocation(byteCount: 8, alignment: 8) { bytes in
      store(nearestTo: value, in: bytes, at: 0)
      return self.value(in: UnsafeRawBufferPointer(bytes), at: 0)
    }
  }
}
