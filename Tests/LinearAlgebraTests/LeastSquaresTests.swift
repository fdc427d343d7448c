import LinearAlgebra
import Testing

@Suite struct LeastSquaresTests {
  @Test("A system has its solution and inverse; what is not determined has infinite variance")
  func systems() {
    let found = LeastSquares([4, 2, 2, 3], [10, 9])
    // Worked by hand: the inverse is [3, −2, −2, 4] / 8.
    #expect(zip(found.solution, [1.5, 2]).allSatisfy { ($0 - $1).magnitude < 1e-14 })
    let inverse = [0.375, -0.25, -0.25, 0.5]
    #expect(zip(found.inverse, inverse).allSatisfy { ($0 - $1).magnitude < 1e-14 })
    let twice = LeastSquares([1, 1, 1, 1], [2, 2])
    #expect(zip(twice.solution, [1, 1]).allSatisfy { ($0 - $1).magnitude < 1e-14 })
    #expect(twice.inverse.allSatisfy { $0 == .infinity })
  }

  @Test("The variance of a difference of unknowns has their covariance in it")
  func variance() {
    // [3, −2, −2, 4] / 8: 3 + 4 + 2 · 2 eighths.
    let found = LeastSquares([4, 2, 2, 3], [10, 9])
    #expect((found.variance(ofSum: [1, -1]) - 11.0 / 8).magnitude < 1e-14)
    #expect(LeastSquares([1, 1, 1, 1], [2, 2]).variance(ofSum: [1, 1]) == .infinity)
  }

  @Test("A matrix that is not finite has no solution")
  func notFinite() {
    #expect(LeastSquares([.infinity], [1]).solution[0].isNaN)
  }
}
