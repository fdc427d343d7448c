import Geometry
import TestSupport
import Testing

@Suite struct InterpolationPlaneTests {
  /// Base, minus, plus.
  private let plane = InterpolationPlane(origin: 0, plus: 2, minus: 1, of: 3)

  @Test("The corners of the plane are its three models")
  func corners() {
    #expect(plane.coefficients(plus: 0, minus: 0) == [1, 0, 0])
    #expect(plane.coefficients(plus: 1, minus: 0) == [0, 0, 1])
    #expect(plane.coefficients(plus: 0, minus: 1) == [0, 1, 0])
    #expect(plane.coefficients(plus: 0.5, minus: 0.25) == [0.25, 0.25, 0.5])
  }

  @Test("Equation 1 is equation 4 at α and 1 − α, to the last bit; so is equation 3 at β and −β")
  func lines() {
    let line = InterpolationPath.line(from: 1, to: 2, of: 3)
    let anchored = InterpolationPath.anchoredLine(at: 0, along: (minus: 1, plus: 2), of: 3)
    var random = SeededGenerator(seed: 4)
    for scale in [1e-9, 0.01, 1, 5, 1e6] {
      for _ in 0..<2000 {
        let x = Double.random(in: -scale...scale, using: &random)
        #expect(plane.coefficients(plus: x, minus: 1 - x) == line.coefficients(at: x))
        #expect(plane.coefficients(plus: x, minus: -x) == anchored.coefficients(at: x))
      }
    }
  }

  @Test("Decimal coordinates that sum to 1 leave nothing for the base", arguments: 0...10)
  func decimals(tenths: Int) {
    let (plus, minus) = (Double(tenths) / 10, Double(10 - tenths) / 10)
    #expect(plane.coefficients(plus: plus, minus: minus)[0] == 0)
  }
}
