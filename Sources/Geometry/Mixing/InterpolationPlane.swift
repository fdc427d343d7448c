/// The plane through three models: θ(γ₊, γ₋) = θ₀ + γ₊ (θ₊ − θ₀) + γ₋ (θ₋ − θ₀).
///
/// Both lines lie in it: that of equation 1 at γ₊ = α, γ₋ = 1 − α, that of equation 3 at γ₊ = β,
/// γ₋ = −β.
///
/// Source: arXiv 2211.12092, equation 4.
public struct InterpolationPlane: Hashable, Sendable {
  private let base: Int
  private let plus: Int
  private let minus: Int
  private let count: Int

  /// Lays the plane.
  ///
  /// - Parameters:
  ///   - base: the position of θ₀ among the checkpoints.
  ///   - plus: the position of θ₊.
  ///   - minus: the position of θ₋.
  ///   - count: how many checkpoints there are.
  /// - Precondition: the positions differ.
  public init(origin base: Int, plus: Int, minus: Int, of count: Int) {
    precondition(Set([base, plus, minus]).count == 3)
    (self.base, self.plus, self.minus, self.count) = (base, plus, minus, count)
  }

  /// The coefficients of the model at a point.
  ///
  /// That of θ₀ is 1 − (γ₊ + γ₋); it is 0 where the sum misses 1 by no more than one rounding of
  /// the larger of the two, as it does where one was computed from the other.
  ///
  /// - Parameters:
  ///   - plus: γ₊.
  ///   - minus: γ₋.
  /// - Returns: one for each checkpoint.
  public func coefficients(plus: Double, minus: Double) -> [Double] {
    var coefficients = [Double](repeating: 0, count: count)
    let rest = 1 - (plus + minus)
    coefficients[base] = rest.magnitude <= max(plus.magnitude, minus.magnitude).ulp ? 0 : rest
    coefficients[self.plus] = plus
    coefficients[self.minus] = minus
    return coefficients
  }
}
