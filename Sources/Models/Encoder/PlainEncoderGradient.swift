import Glibc
import Tensors

extension PlainEncoderClassifier {
  /// The gradient of the loss on a sequence by every parameter, in `Double`, written as its formulas.
  ///
  ///     loss = −log p(class | sequence)
  ///
  /// - Parameter window: as ``EncoderConfiguration/window(of:label:)`` makes it; what is read is of
  ///   the vocabulary and within the context.
  /// - Returns: by canonical name, with the extents of the weights.
  public func gradient(of window: ScoredTokens) -> [TensorName: [Double]] {
    var way = PlainWayBack(model: self, window: window)
    way.go()
    return way.sums.gradient
  }
}

/// The way forwards and back through an encoder in `Double`.
private struct PlainWayBack {
  let model: PlainEncoderClassifier
  let tokens: [Int32]
  let label: Int
  var sums: PlainSums
  /// The gradient by the residual stream.
  private var slope: [Double] = []
  private var layers: [Layer] = []

  private var configuration: EncoderConfiguration { model.configuration }

  /// What a layer computes.
  private struct Layer {
    let name: String
    let input: [Double]
    let qkv: [Double]
    let gathered: [Double]
    /// What attention adds up to, and the same normalized.
    let attentionSum: [Double]
    let middle: [Double]
    let hidden: [Double]
    let activated: [Double]
    let hiddenSum: [Double]

    init(_ number: Int, _ input: [Double], in model: PlainEncoderClassifier) {
      name = "encoder.layer.\(number)"
      self.input = input
      qkv = model.projected(input, name)
      gathered = model.gathered(qkv)
      attentionSum = model.sum(input, model.product(gathered, "\(name).attention.output.dense"))
      middle = model.normalized(attentionSum, "\(name).attention.output.LayerNorm")
      hidden = model.product(middle, "\(name).intermediate.dense")
      activated = hidden.map { PlainLayers.activation($0, model.configuration.activation) }
      hiddenSum = model.sum(middle, model.product(activated, "\(name).output.dense"))
    }
  }

  init(model: PlainEncoderClassifier, window: ScoredTokens) {
    self.model = model
    tokens = Array(window.tokens.prefix(window.readCount))
    label = Int(window.tokens[window.readCount])
    sums = PlainSums(model.weights, storesTransposed: true)
  }

  mutating func go() {
    var stream = model.normalized(model.embedded(tokens), "embeddings.LayerNorm")
    for number in 0..<configuration.layerCount {
      let layer = Layer(number, stream, in: model)
      layers.append(layer)
      stream = model.normalized(layer.hiddenSum, "\(layer.name).output.LayerNorm")
    }
    classifyBack(stream)
    for layer in layers.reversed() {
      feedBack(layer)
      attendBack(layer)
    }
    embedBack()
  }

  private mutating func classifyBack(_ stream: [Double]) {
    let names = EncoderClassifier.headNames(configuration.family)
    let first = Array(stream.prefix(configuration.width))
    let hidden = model.product(first, names.dense).map(tanh)
    let logits = model.product(hidden, names.output)
    let total = PlainLayers.logSumExp(logits)
    let change = logits.enumerated().map { exp($1 - total) - ($0 == label ? 1 : 0) }
    let hiddenSlope = sums.multiplyBack(hidden, names.output, change)
    slope = stream.map { _ in 0 }
    let found = sums.multiplyBack(
      first, names.dense, zip(hiddenSlope, hidden).map { $0 * (1 - $1 * $1) })
    slope.replaceSubrange(0..<configuration.width, with: found)
  }

  private mutating func feedBack(_ layer: Layer) {
    slope = normalizeBack(layer.hiddenSum, "\(layer.name).output.LayerNorm", slope)
    let change = sums.multiplyBack(layer.activated, "\(layer.name).output.dense", slope)
    let hiddenSlope = zip(change, layer.hidden).map {
      $0 * LayerDerivatives.slope(of: configuration.activation, at: $1)
    }
    slope = model.sum(
      slope, sums.multiplyBack(layer.middle, "\(layer.name).intermediate.dense", hiddenSlope))
  }

  private mutating func attendBack(_ layer: Layer) {
    let name = "\(layer.name).attention"
    slope = normalizeBack(layer.attentionSum, "\(name).output.LayerNorm", slope)
    let change = PlainGradients.attention(
      qkv: layer.qkv, heads: configuration.headCount, headWidth: configuration.headWidth,
      scale: 1 / Double(configuration.headWidth).squareRoot(), reach: .full,
      sums.multiplyBack(layer.gathered, "\(name).output.dense", slope))
    let width = configuration.width
    for (part, kind) in ["query", "key", "value"].enumerated() {
      let own = change.indices.filter { $0 / width % 3 == part }.map { change[$0] }
      slope = model.sum(slope, sums.multiplyBack(layer.input, "\(name).self.\(kind)", own))
    }
  }

  private mutating func embedBack() {
    slope = normalizeBack(model.embedded(tokens), "embeddings.LayerNorm", slope)
    let width = configuration.width
    for (index, token) in tokens.enumerated() {
      let change = slope[index * width..<(index + 1) * width]
      for (table, row) in [
        ("word", Int(token)), ("position", model.place(of: index, in: tokens)), ("token_type", 0),
      ] {
        sums.add(
          change, to: TensorName("embeddings.\(table)_embeddings.weight"), from: row * width)
      }
    }
  }

  private mutating func normalizeBack(
    _ x: [Double], _ name: String, _ dy: [Double]
  ) -> [Double] {
    sums.normalizeBack(x, name, epsilon: configuration.layerNormEpsilon, dy)
  }
}
