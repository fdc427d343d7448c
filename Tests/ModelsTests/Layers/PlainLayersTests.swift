import Models
import Testing

// The numbers expected are those of PyTorch 2.15 in float64.
@Suite struct PlainLayersTests {
  @Test("A uniform distribution over words costs their logarithm")
  func uniform() {
    let nll = PlainLayers.negativeLogLikelihoods(
      [1, 2], head: [0, 0, 0, 0, 0, 0, 0, 0], bias: [0, 0, 0, 0], targets: [3])
    #expect(abs(nll[0] - 1.3862943611198906) < 1e-15)
  }

  @Test("Activations are PyTorch's")
  func activations() {
    let x = [-3.5, -1, -0.125, 0.5, 2.25]
    let tanh = [
      -0.0006161976553737403, -0.15880800939172324, -0.05628280137577661, 0.34571400982514394,
      2.222798670102711,
    ]
    let erf = [
      -0.0008142017766243903, -0.15865525393145702, -0.056282721896235885, 0.34573123063700656,
      2.2224949365261493,
    ]
    for (x, (tanh, erf)) in zip(x, zip(tanh, erf)) {
      #expect(abs(PlainLayers.activation(x, .tanh) - tanh) < 1e-15)
      #expect(abs(PlainLayers.activation(x, .erf) - erf) < 1e-15)
      #expect(PlainLayers.activation(x, .relu) == max(x, 0))
    }
  }

  @Test("Layer normalization is PyTorch's")
  func normalization() {
    let y = PlainLayers.layerNorm(
      [1, 2, 4, -3, 0.5, 0.5, 0.5, 0.5], weight: [1, 2, 0.5, -1], bias: [0, 1, -1, 0.25],
      epsilon: 1e-5)
    let expected = [0, 1.7844639371191704, -0.4116520471606221, 1.818927874238341, 0, 1, -1, 0.25]
    #expect(zip(y, expected).allSatisfy { abs($0 - $1) < 1e-15 })
  }

  @Test("Attention is PyTorch's")
  func attention() {
    let qkv: [Double] = [1, 0, 1, 1, 1, 2, 0, 1, 0, 2, 3, 4, 1, 1, -1, 0, 5, 7]
    let causal = [
      1, 2, 2.3395230986533138, 3.3395230986533138, 2.1696421002027755, 3.226189466937034,
    ]
    let full = [
      2.128107799656032, 3.2681370446994107, 2.7120676706042364, 3.8520969156476146,
      2.1696421002027755, 3.226189466937034,
    ]
    for (reach, expected) in [(AttentionReach.causal, causal), (.full, full)] {
      let out = PlainLayers.attention(qkv: qkv, positions: 3, heads: 1, headWidth: 2, reach: reach)
      #expect(zip(out, expected).allSatisfy { abs($0 - $1) < 1e-14 })
    }
  }
}
