import Glibc
import Tensors

extension PlainGPT2 {
  /// The gradient of the loss on a window by every parameter, in `Double`, written as its formulas.
  ///
  ///     loss = Σ over scored tokens of −log p(token | those before it)
  ///
  /// - Parameter window: what is read is of the vocabulary and within the context.
  /// - Returns: by canonical name, with the extents of the weights.
  public func gradient(of window: ScoredTokens) -> [TensorName: [Double]] {
    var way = PlainWayBack(model: self, window: window)
    way.go()
    return way.sums.gradient
  }
}

/// The way forwards and back through a model in `Double`.
private struct PlainWayBack {
  let model: PlainGPT2
  let window: ScoredTokens
  var sums: PlainSums
  /// The gradient by the residual stream.
  private var slope: [Double] = []

  private var configuration: GPT2Configuration { model.configuration }
  private var read: [Int32] { Array(window.tokens.prefix(window.readCount)) }

  init(model: PlainGPT2, window: ScoredTokens) {
    (self.model, self.window) = (model, window)
    sums = PlainSums(model.weights, storesTransposed: false)
  }

  mutating func go() {
    let streams = forward()
    score(streams[streams.count - 1])
    for layer in (0..<configuration.layerCount).reversed() {
      feedBack(streams[2 * layer + 1], layer)
      attendBack(streams[2 * layer], layer)
    }
    embedBack()
  }

  /// The residual stream before each half of each layer, and after the last.
  private func forward() -> [[Double]] {
    var streams = [model.embedded(read)]
    for layer in 0..<configuration.layerCount {
      for half in [
        { model.attended($0, layer, read.count) }, { model.fed($0, layer) },
      ] as [([Double]) -> [Double]] {
        let last = streams[streams.count - 1]
        streams.append(zip(last, half(last)).map { $0 + $1 })
      }
    }
    return streams
  }

  private mutating func score(_ stream: [Double]) {
    let (width, words) = (configuration.width, configuration.logitCount)
    let name = configuration.headName
    let head = model.weights[name] ?? []
    let input = model.normalized(stream, "ln_f")
    var inputSlope = input.map { _ in 0.0 }
    for position in window.scored.map({ $0 - 1 }) {
      let row = (0..<words).map { word in
        (0..<width).reduce(0) { $0 + input[position * width + $1] * head[word * width + $1] }
      }
      let total = PlainLayers.logSumExp(row)
      for word in 0..<words {
        let slope = exp(row[word] - total) - (Int(window.tokens[position + 1]) == word ? 1 : 0)
        for channel in 0..<width {
          inputSlope[position * width + channel] += slope * head[word * width + channel]
        }
        let channels = input[position * width..<(position + 1) * width]
        sums.add(channels.map { slope * $0 }, to: name, from: word * width)
      }
    }
    slope = stream.map { _ in 0 }
    normalizeBack(stream, "ln_f", inputSlope)
  }

  private mutating func feedBack(_ stream: [Double], _ layer: Int) {
    let input = model.normalized(stream, "h.\(layer).ln_2")
    let hidden = model.product(input, "h.\(layer).mlp.c_fc")
    let activated = hidden.map { PlainLayers.activation($0, configuration.activation) }
    var change = sums.multiplyBack(activated, "h.\(layer).mlp.c_proj", slope)
    for index in hidden.indices {
      change[index] *= LayerDerivatives.slope(of: configuration.activation, at: hidden[index])
    }
    normalizeBack(
      stream, "h.\(layer).ln_2", sums.multiplyBack(input, "h.\(layer).mlp.c_fc", change))
  }

  private mutating func attendBack(_ stream: [Double], _ layer: Int) {
    let input = model.normalized(stream, "h.\(layer).ln_1")
    let qkv = model.product(input, "h.\(layer).attn.c_attn")
    let gathered = model.gathered(qkv, layer, read.count)
    let change = PlainGradients.attention(
      qkv: qkv, heads: configuration.headCount, headWidth: configuration.headWidth,
      scale: configuration.attentionScale(inLayer: layer), reach: .causal,
      sums.multiplyBack(gathered, "h.\(layer).attn.c_proj", slope))
    normalizeBack(
      stream, "h.\(layer).ln_1", sums.multiplyBack(input, "h.\(layer).attn.c_attn", change))
  }

  private mutating func embedBack() {
    let width = configuration.width
    for (position, token) in read.enumerated() {
      let change = slope[position * width..<(position + 1) * width]
      sums.add(change, to: "wte.weight", from: Int(token) * width)
      sums.add(change, to: "wpe.weight", from: position * width)
    }
  }

  private mutating func normalizeBack(_ x: [Double], _ name: String, _ dy: [Double]) {
    let change = sums.normalizeBack(x, name, epsilon: configuration.layerNormEpsilon, dy)
    for index in slope.indices { slope[index] += change[index] }
  }
}
