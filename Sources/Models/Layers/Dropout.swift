import CLayers

/// Which elements of activations are set to 0 in a step of training.
///
///     y[i] = x[i] / (1 − rate) where kept, else 0;   each element is kept with probability 1 − rate
///
/// What is kept depends on seed, step, site and i alone, so the pass back applies the same function to
/// gradients, whichever threads compute what.
///
/// Source: Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from
/// Overfitting", section 4, scaled in training instead of afterwards.
struct Dropout {
  /// The share of elements that is set to 0, from 0 to less than 1.
  let rate: Double
  private let descriptor: dropout

  /// - Parameters:
  ///   - rate: the share of elements that is set to 0, from 0 to less than 1.
  ///   - seed: of the random numbers.
  ///   - step: another one for each batch.
  ///   - site: another one for each array of activations.
  init(rate: Double, seed: UInt64, step: UInt64, site: Int) {
    precondition(0..<1 ~= rate)
    self.rate = rate
    descriptor = dropout(
      seed: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)),
      site: UInt32(truncatingIfNeeded: site), threshold: UInt32(rate * 0x1p32), step: step,
      scale: Float(1 / (1 - rate)))
  }

  /// Whether any element is set to 0.
  var isActive: Bool { rate > 0 }

  /// Applies it to the elements `first`, `first` + 1, … of its array, in place.
  func apply(_ x: UnsafeMutablePointer<Float>, first: Int, count: Int) {
    guard isActive else { return }
    withUnsafePointer(to: descriptor) { layer_loops.best.drop(x, first, count, $0) }
  }
}
