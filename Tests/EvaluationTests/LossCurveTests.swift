import Evaluation
import Testing

@Suite struct LossCurveTests {
  @Test("A straight loss has no barrier", arguments: [(0, 0), (3.5, 3.5), (2, 5), (5, 2)])
  func straightLoss(start: Double, end: Double) throws {
    let curve = LossCurve(
      (0...10).map { Double($0) / 10 }.map { .init(alpha: $0, loss: start + $0 * (end - start)) })
    // No loss exceeds 5 and each side of the subtraction rounds three times.
    #expect(try #require(curve.barrier).magnitude <= 6 * (5.0).ulp)
  }

  @Test("Each definition has the height that its formula gives")
  func definitions() throws {
    let curve = LossCurve([(1, 4), (0, 2), (0.5, 7), (0.75, 6)].map { .init(alpha: $0, loss: $1) })
    let chord = try #require(curve.rise(above: .chord))
    #expect(chord.alpha == 0.5 && chord.loss == 4)  // 7 − (2 + 4) / 2
    #expect(curve.rise(above: .mean)?.loss == 4)  // the mean of the ends is 3
    #expect(curve.rise(above: .worseEnd)?.loss == 3)  // 7 − 4
  }

  @Test("The mean of the ends is exceeded by the worse end itself")
  func slope() {
    let curve = LossCurve([(0, 2), (0.5, 3), (1, 4)].map { .init(alpha: $0, loss: $1) })
    #expect(curve.rise(above: .chord)?.loss == 0)
    #expect(curve.rise(above: .mean) == .init(alpha: 1, loss: 1))
    #expect(curve.rise(above: .worseEnd) == .init(alpha: 1, loss: 0))
  }

  @Test("Points beyond the ends do not count")
  func extrapolation() {
    let curve = LossCurve(
      [(-1, 90), (0, 2), (0.5, 3), (1, 2), (2, 90)].map { .init(alpha: $0, loss: $1) })
    #expect(curve.barrier == 1)
  }

  @Test("Without an end there is no barrier")
  func missingEnd() {
    #expect(LossCurve([(0, 2), (0.9, 3)].map { .init(alpha: $0, loss: $1) }).barrier == nil)
    #expect(LossCurve([]).barrier == nil)
  }

  @Test("Without a point between the ends there is no barrier")
  func onlyEnds() {
    #expect(LossCurve([(-1, 9), (0, 2), (1, 3)].map { .init(alpha: $0, loss: $1) }).barrier == nil)
  }

  @Test("A loss that is NaN makes the barrier NaN, wherever it is")
  func notANumber() throws {
    for alpha in [0.25, 0.5, 0.75] {
      let curve = LossCurve(
        [0, 0.25, 0.5, 0.75, 1].map { .init(alpha: $0, loss: $0 == alpha ? .nan : 1) })
      #expect(try #require(curve.barrier).isNaN)
    }
  }
}
