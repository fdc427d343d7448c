import CLayers

/// What AdamW does in one step, the same for all parameters it is applied to.
///
///     g' = gradientScale · g
///     m = β₁ m + (1 − β₁) g',   v = β₂ v + (1 − β₂) g'²
///     θ = (1 − rate · weightDecay) θ − rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + epsilon)
///
/// Source: Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2, with the
/// decay multiplied by the learning rate, as in torch.
public struct DescentStep: Sendable {
  private let descriptor: descent

  /// Describes a step.
  ///
  /// - Parameters:
  ///   - number: t, from 1.
  ///   - rate: the learning rate.
  ///   - betas: β₁ and β₂, from 0 to less than 1.
  ///   - epsilon: added to the root of the second moment.
  ///   - weightDecay: the share of a weight, times the learning rate, that is taken off.
  ///   - gradientScale: what gradients are multiplied by first.
  public init(
    number: Int, rate: Double, betas: (Double, Double), epsilon: Double, weightDecay: Double,
    gradientScale: Double
  ) {
    precondition(number >= 1)
    var (first, second) = (1.0, 1.0)
    for _ in 0..<number { (first, second) = (first * betas.0, second * betas.1) }
    descriptor = descent(
      gradient_scale: Float(gradientScale), beta1: Float(betas.0), beta2: Float(betas.1),
      step_size: Float(rate / (1 - first)), root_correction: Float(1 / (1 - second).squareRoot()),
      epsilon: Float(epsilon), decay: Float(1 - rate * weightDecay))
  }

  /// Applies the step; no element depends on another.
  ///
  /// - Parameters:
  ///   - parameters: θ, [count].
  ///   - gradients: g, [count].
  ///   - firstMoments: m, [count]; 0 before the first step.
  ///   - secondMoments: v, [count]; 0 before the first step.
  ///   - count: may be 0.
  public func apply(
    to parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
    firstMoments: UnsafeMutablePointer<Float>, secondMoments: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    precondition(count >= 0)
    withUnsafePointer(to: descriptor) {
      layer_loops.best.descend(parameters, gradients, firstMoments, secondMoments, count, $0)
    }
  }
}

/// The sum of the squares of numbers, in binary64.
///
/// - Parameters:
///   - x: [count].
///   - count: may be 0.
/// - Returns: Σ x[i]²; its bits depend on the instruction set.
public func sumOfSquares(_ x: UnsafePointer<Float>, count: Int) -> Double {
  precondition(count >= 0)
  return layer_loops.best.sum_of_squares(x, count)
}
