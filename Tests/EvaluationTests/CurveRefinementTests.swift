import Evaluation
import Testing

@Suite struct CurveRefinementTests {
  /// Refines a function until its barrier is known, and gives the curve.
  private func refine(
    from alphas: [Double], tolerance: Double, _ loss: (Double) -> Double
  ) -> LossCurve {
    let rule = CurveRefinement(tolerance: tolerance)
    var curve = LossCurve(alphas.map { .init(alpha: $0, loss: loss($0)) })
    while let alpha = rule.next(for: curve) {
      curve = LossCurve(curve.points + [.init(alpha: alpha, loss: loss(alpha))])
    }
    return curve
  }

  @Test("A smooth barrier is found to the tolerance", arguments: [0.1, 0.01, 0.001])
  func smooth(tolerance: Double) throws {
    // 2 + α + 3 · 6.75 α² (1 − α) rises 3 above its chord, at α = 2/3.
    let curve = refine(from: [0, 0.25, 0.5, 0.75, 1], tolerance: tolerance) {
      2 + $0 + 3 * 6.75 * $0 * $0 * (1 - $0)
    }
    #expect((try #require(curve.barrier) - 3).magnitude <= tolerance)
    #expect(curve.points.count < 40)
  }

  @Test("A straight or sagging curve needs no more than the middle")
  func convex() {
    #expect(refine(from: [0, 1], tolerance: 0.01) { $0 }.points.count == 3)
    #expect(refine(from: [0, 1], tolerance: 0.01) { $0 * $0 }.points.count == 3)
  }

  @Test("A step ends at the least width instead of never")
  func step() {
    let curve = refine(from: [0, 0.5, 1], tolerance: 1e-9) { $0 < 0.3 ? 0 : $0 == 1 ? 0 : 5 }
    #expect(curve.points.count < 200)
  }

  @Test("Without an end, or with NaN, nothing is added")
  func nothing() {
    let rule = CurveRefinement(tolerance: 0.1)
    #expect(rule.next(for: LossCurve([.init(alpha: 0, loss: 1)])) == nil)
    let broken = [(0, 1), (0.5, Double.nan), (1, 1)].map { LossCurve.Point(alpha: $0, loss: $1) }
    #expect(rule.next(for: LossCurve(broken)) == nil)
  }
}
