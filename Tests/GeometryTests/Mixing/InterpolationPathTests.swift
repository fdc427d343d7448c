import Geometry
import TestSupport
import Testing

@Suite struct InterpolationPathTests {
  private let line = InterpolationPath.line(from: 0, to: 1, of: 2)

  @Test("A line leads from one model to the other, and beyond")
  func ends() {
    #expect(line.coefficients(at: 0) == [1, 0])
    #expect(line.coefficients(at: 1) == [0, 1])
    #expect(line.coefficients(at: 0.25) == [0.75, 0.25])
    #expect(line.coefficients(at: -2) == [3, -2])
    #expect(line.coefficients(at: 0.3) == [1 - 0.3, 0.3])
  }

  @Test("An anchored line begins at its base and runs along a difference")
  func anchored() {
    let path = InterpolationPath.anchoredLine(at: 0, along: (minus: 1, plus: 2), of: 3)
    #expect(path.coefficients(at: 0) == [1, 0, 0])
    #expect(path.coefficients(at: 0.3) == [1, -0.3, 0.3])
  }

  @Test("Anchored at the minus model it is the line itself")
  func anchoredAtMinus() {
    let path = InterpolationPath.anchoredLine(at: 0, along: (minus: 0, plus: 1), of: 2)
    #expect(path == line)
  }

  @Test("Coefficients sum to 1, to rounding")
  func sums() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<1000 {
      let parameter = Double.random(in: -3...3, using: &random)
      let anchored = InterpolationPath.anchoredLine(at: 1, along: (minus: 2, plus: 0), of: 3)
      for path in [line, anchored] {
        // No coefficient exceeds 4, and each is rounded once.
        #expect(abs(path.coefficients(at: parameter).reduce(0, +) - 1) <= 4 * (4.0).ulp)
      }
    }
  }
}
