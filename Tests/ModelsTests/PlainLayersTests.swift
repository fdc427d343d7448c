import Models
import Testing

@Suite struct PlainLayersTests {
  @Test("A uniform distribution over words costs their logarithm")
  func uniform() {
    let nll = PlainLayers.negativeLogLikelihoods(
      [1, 2], head: [0, 0, 0, 0, 0, 0, 0, 0], bias: [0, 0, 0, 0], targets: [3])
    #expect(abs(nll[0] - 1.3862943611198906) < 1e-15)
  }
}
