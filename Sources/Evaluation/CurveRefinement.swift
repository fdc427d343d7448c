/// Where a curve must be looked at next, so that its barrier is known to a tolerance.
///
/// Between neighbours a and b, h apart, a curve whose second derivative is at least −K rises at
/// most h² K / 8 above its chord. K is taken from the second differences of the points at hand, at
/// and beside the interval, doubled for what they do not show; so "known" means as far as the
/// points tell.
///
/// Source: the error bound of linear interpolation, such as Atkinson 1989, "An Introduction to
/// Numerical Analysis", section 3.1.
public struct CurveRefinement: Sendable {
  /// How far the barrier may be off, in the unit of the loss.
  public let tolerance: Double
  /// As narrow as intervals become.
  public static let leastWidth = 1.0 / 1024

  /// Creates the rule.
  ///
  /// - Parameter tolerance: positive.
  public init(tolerance: Double) {
    precondition(tolerance > 0)
    self.tolerance = tolerance
  }

  /// The middle of the interval that may hide the highest rise above the chord.
  ///
  /// - Parameter curve: with both ends.
  /// - Returns: `nil` if the barrier is known to the tolerance, a loss is NaN, or an end is
  ///   missing.
  public func next(for curve: LossCurve) -> Double? {
    guard let points = curve.between, points.allSatisfy(\.loss.isFinite) else { return nil }
    guard let barrier = curve.barrier else { return 0.5 }
    let open = (1..<points.count).filter {
      points[$0].alpha - points[$0 - 1].alpha > CurveRefinement.leastWidth
    }.map { (right: $0, height: possibleExcess(points, before: $0)) }
    guard let highest = open.max(by: { $0.height < $1.height }),
      highest.height > barrier + tolerance
    else { return nil }
    return (points[highest.right - 1].alpha + points[highest.right].alpha) / 2
  }

  /// How high the curve may rise above the chord of its ends before a point.
  private func possibleExcess(_ points: [LossCurve.Point], before right: Int) -> Double {
    let (first, last) = (points[0], points[points.count - 1])
    func excess(_ point: LossCurve.Point) -> Double {
      point.loss
        - BarrierReference.chord.level(at: point.alpha, from: first.loss, to: last.loss)
    }
    let centres = (right - 1...right).filter { (1..<points.count - 1).contains($0) }
    let curvature = centres.map { secondDerivative(points, at: $0) }.min() ?? 0
    let width = points[right].alpha - points[right - 1].alpha
    return max(excess(points[right - 1]), excess(points[right]))
      + max(-2 * curvature, 0) * width * width / 8
  }

  private func secondDerivative(_ points: [LossCurve.Point], at centre: Int) -> Double {
    let (left, middle, right) = (points[centre - 1], points[centre], points[centre + 1])
    let before = (middle.loss - left.loss) / (middle.alpha - left.alpha)
    let after = (right.loss - middle.loss) / (right.alpha - middle.alpha)
    return 2 * (after - before) / (right.alpha - left.alpha)
  }
}
