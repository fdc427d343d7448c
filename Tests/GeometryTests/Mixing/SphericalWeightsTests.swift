import Geometry
import TestSupport
import Testing

@Suite struct SphericalWeightsTests {
  @Test(
    "Half way between vectors of one length lies a vector of that length",
    arguments: [-0.9, 0, 0.5, 0.99])
  func length(cosine: Double) {
    let weights = SphericalWeights(at: 0.5, cosine: cosine).coefficients
    let squared =
      weights[0] * weights[0] + weights[1] * weights[1] + 2 * cosine * weights[0] * weights[1]
    // Sines near π/2 and a handful of roundings; 1/sin² is at most 51.
    #expect(abs(squared - 1) < 1e-13)
    #expect(abs(weights[0] - weights[1]) < 1e-13)
  }

  @Test("A third of a right angle is 30 degrees")
  func thirds() {
    let weights = SphericalWeights(at: 1.0 / 3, cosine: 0).coefficients
    #expect(abs(weights[0] - 0.75.squareRoot()) < 1e-15)
    #expect(abs(weights[1] - 0.5) < 1e-15)
  }

  @Test("The ends are the tensors themselves")
  func ends() {
    #expect(SphericalWeights(at: 0, cosine: 0.3).coefficients == [1, 0])
    #expect(SphericalWeights(at: 1, cosine: 0.3).coefficients == [0, 1])
  }

  @Test(
    "Without an angle to speak of the line is straight",
    arguments: [1, -1, 0.9996, .nan, .infinity])
  func straight(cosine: Double) {
    let weights = SphericalWeights(at: 0.25, cosine: cosine)
    #expect(weights.isStraight)
    #expect(weights.coefficients == [0.75, 0.25])
  }
}
