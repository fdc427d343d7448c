/// A straight line through weight space: at each parameter a model Σ cᵢ θᵢ over an ordered list of
/// checkpoints, whose coefficients are affine in the parameter and sum to 1.
///
/// What writes, evaluates or measures a model on a line takes its coefficients from here.
///
/// Source: arXiv 2211.12092, equations 1 to 3.
public struct InterpolationPath: Hashable, Sendable {
  /// The coefficients at parameter 0, one for each checkpoint.
  private var origin: [Double]
  private var slope: [Double]

  /// What each coefficient gains where the parameter grows by 1; they sum to 0.
  public var direction: [Double] { slope }

  private init(of count: Int) {
    origin = Array(repeating: 0, count: count)
    slope = origin
  }

  /// θ(α) = θ₋ + α (θ₊ − θ₋), equations 1 and 2: θ₋ at 0, θ₊ at 1.
  ///
  /// - Parameters:
  ///   - minus: the position of θ₋ among the checkpoints.
  ///   - plus: the position of θ₊.
  ///   - count: how many checkpoints there are.
  /// - Returns: the line.
  public static func line(from minus: Int, to plus: Int, of count: Int) -> InterpolationPath {
    anchoredLine(at: minus, along: (minus, plus), of: count)
  }

  /// θ(β) = θ₀ + β (θ₊ − θ₋), equation 3: θ₀ at 0.
  ///
  /// - Parameters:
  ///   - base: the position of θ₀ among the checkpoints; it may be that of θ₋ or θ₊.
  ///   - direction: the positions of θ₋ and θ₊.
  ///   - count: how many checkpoints there are.
  /// - Returns: the line.
  public static func anchoredLine(
    at base: Int, along direction: (minus: Int, plus: Int), of count: Int
  ) -> InterpolationPath {
    var path = InterpolationPath(of: count)
    path.origin[base] = 1
    path.slope[direction.minus] -= 1
    path.slope[direction.plus] += 1
    return path
  }

  /// The coefficients of the model at a parameter.
  ///
  /// - Parameter parameter: α or β; it may leave 0...1.
  /// - Returns: one for each checkpoint; those of a line are 1 − α and α, rounded once.
  public func coefficients(at parameter: Double) -> [Double] {
    zip(origin, slope).map { origin, slope in slope == 0 ? origin : origin + slope * parameter }
  }
}
