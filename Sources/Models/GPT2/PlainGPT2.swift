import Tensors

/// A GPT-2 in `Double`, written as its formulas: what ``GPT2`` is held against, also at weights
/// that binary32 does not hold.
public struct PlainGPT2: Sendable {
  /// What the model is like.
  public let configuration: GPT2Configuration
  /// The weights by canonical name, row-major.
  public var weights: [TensorName: [Double]]

  /// Reads weights.
  ///
  /// - Parameters:
  ///   - configuration: what the model is like.
  ///   - source: has the tensors of the configuration.
  /// - Throws: what the source throws.
  public init(_ configuration: GPT2Configuration, reading source: some StateDict) throws {
    self.configuration = configuration
    weights = try configuration.tensors.reduce(into: [:]) { weights, tensor in
      let count = tensor.extents.reduce(1, *)
      weights[tensor.name] = try withUnsafeTemporaryAllocation(of: Float.self, capacity: count) {
        try source.read(tensor.name, elements: 0..<count, into: $0)
        return $0.map(Double.init)
      }
    }
  }

  /// What is expected after every position, or what speaks for each class.
  ///
  /// - Parameter tokens: of the vocabulary, within the context.
  /// - Returns: [tokens, logits].
  public func logits(of tokens: [Int32]) -> [Double] {
    let width = configuration.width
    var stream = embedded(tokens)
    for layer in 0..<configuration.layerCount {
      add(attended(stream, layer, tokens.count), to: &stream)
      add(fed(stream, layer), to: &stream)
    }
    let (head, words) = (self[configuration.headName], configuration.logitCount)
    let transposed = (0..<width * words).map { head[$0 % words * width + $0 / words] }
    return PlainLayers.multiply(
      normalized(stream, "ln_f"), by: transposed, bias: Array(repeating: 0, count: words))
  }

  /// How unlikely each token is given those before it, in nats.
  ///
  /// - Parameter tokens: of the vocabulary, within the context.
  /// - Returns: one number for each but the first.
  public func negativeLogLikelihoods(of tokens: [Int32]) -> [Double] {
    negativeLogLikelihoods(of: ScoredTokens(tokens: tokens, scored: 1..<tokens.count))
  }

  /// How unlikely each scored token is, or the class that is in its place, in nats.
  ///
  /// - Parameter window: what is read is of the vocabulary and within the context.
  /// - Returns: one number for each scored token.
  public func negativeLogLikelihoods(of window: ScoredTokens) -> [Double] {
    let logits = logits(of: Array(window.tokens.prefix(window.readCount)))
    let words = configuration.logitCount
    return window.scored.map { position in
      let row = logits[(position - 1) * words..<position * words]
      return PlainLayers.logSumExp(row) - row[row.startIndex + Int(window.tokens[position])]
    }
  }

  private subscript(name: TensorName) -> [Double] { weights[name] ?? [] }

  func embedded(_ tokens: [Int32]) -> [Double] {
    let width = configuration.width
    return tokens.enumerated().flatMap { position, token in
      (0..<width).map {
        self["wte.weight"][Int(token) * width + $0] + self["wpe.weight"][position * width + $0]
      }
    }
  }

  private func add(_ change: [Double], to stream: inout [Double]) {
    for index in stream.indices { stream[index] += change[index] }
  }

  func normalized(_ stream: [Double], _ name: String) -> [Double] {
    PlainLayers.layerNorm(
      stream, weight: self[TensorName("\(name).weight")], bias: self[TensorName("\(name).bias")],
      epsilon: configuration.layerNormEpsilon)
  }

  func product(_ x: [Double], _ name: String) -> [Double] {
    PlainLayers.multiply(
      x, by: self[TensorName("\(name).weight")], bias: self[TensorName("\(name).bias")])
  }

  func attended(_ stream: [Double], _ layer: Int, _ positions: Int) -> [Double] {
    let qkv = product(normalized(stream, "h.\(layer).ln_1"), "h.\(layer).attn.c_attn")
    return product(gathered(qkv, layer, positions), "h.\(layer).attn.c_proj")
  }

  /// What heads gather from queries, keys and values.
  func gathered(_ qkv: [Double], _ layer: Int, _ positions: Int) -> [Double] {
    var qkv = qkv
    let (width, headWidth) = (configuration.width, configuration.headWidth)
    let factor = configuration.attentionScale(inLayer: layer) * Double(headWidth).squareRoot()
    for index in qkv.indices where index % (3 * width) < width { qkv[index] *= factor }
    return PlainLayers.attention(
      qkv: qkv, positions: positions, heads: configuration.headCount, headWidth: headWidth,
      reach: .causal)
  }

  func fed(_ stream: [Double], _ layer: Int) -> [Double] {
    let hidden = product(normalized(stream, "h.\(layer).ln_2"), "h.\(layer).mlp.c_fc")
    return product(
      hidden.map { PlainLayers.activation($0, configuration.activation) },
      "h.\(layer).mlp.c_proj")
  }
}
