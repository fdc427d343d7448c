import Glibc
import Tensors

/// RoBERTa or BERT with its head in `Double`, written as their formulas: what
/// ``EncoderClassifier`` is held against.
public struct PlainEncoderClassifier: Sendable {
  /// What the encoder is like.
  public let configuration: EncoderConfiguration
  /// The weights by canonical name, row-major.
  public var weights: [TensorName: [Double]]

  /// Reads weights.
  ///
  /// - Parameters:
  ///   - configuration: what the encoder is like.
  ///   - source: has the tensors of the configuration, and those of a head.
  /// - Throws: what the source throws.
  public init(_ configuration: EncoderConfiguration, reading source: some StateDict) throws {
    self.configuration = configuration
    weights = try source.names.reduce(into: [:]) { weights, name in
      let count = source.shape(of: name)?.elementCount ?? 0
      weights[name] = try withUnsafeTemporaryAllocation(of: Float.self, capacity: count) {
        try source.read(name, elements: 0..<count, into: $0)
        return $0.map(Double.init)
      }
    }
  }

  /// What speaks for each class.
  ///
  /// - Parameter tokens: of the vocabulary, at least one and at most as many as the model reads.
  /// - Returns: [labels].
  public func logits(of tokens: [Int32]) -> [Double] {
    var x = normalized(embedded(tokens), "embeddings.LayerNorm")
    for layer in 0..<configuration.layerCount {
      let name = "encoder.layer.\(layer)"
      x = normalized(sum(x, attended(x, name)), "\(name).attention.output.LayerNorm")
      x = normalized(sum(x, fed(x, name)), "\(name).output.LayerNorm")
    }
    let names = EncoderClassifier.headNames(configuration.family)
    let first = Array(x.prefix(configuration.width))
    return product(product(first, names.dense).map(tanh), names.output)
  }

  /// How unlikely the class of a sequence is, in nats.
  ///
  /// - Parameter window: as ``EncoderConfiguration/window(of:label:)`` makes it.
  /// - Returns: −log p(class | sequence).
  public func negativeLogLikelihood(of window: ScoredTokens) -> Double {
    let logits = logits(of: Array(window.tokens.prefix(window.readCount)))
    return PlainLayers.logSumExp(logits) - logits[Int(window.tokens[window.readCount])]
  }

  private subscript(name: String) -> [Double] { weights[TensorName(name)] ?? [] }

  /// The row of the table of positions; RoBERTa counts tokens that are not padding.
  func place(of index: Int, in tokens: [Int32]) -> Int {
    let isPadding = { (token: Int32) in Int(token) == configuration.paddingToken }
    let before = tokens[..<index].count { !isPadding($0) }
    return isPadding(tokens[index])
      ? configuration.firstPosition - 1 : configuration.firstPosition + before
  }

  /// Words, positions and the first type.
  func embedded(_ tokens: [Int32]) -> [Double] {
    let width = configuration.width
    return tokens.indices.flatMap { index in
      let position = place(of: index, in: tokens)
      return (0..<width).map {
        self["embeddings.word_embeddings.weight"][Int(tokens[index]) * width + $0]
          + self["embeddings.position_embeddings.weight"][position * width + $0]
          + self["embeddings.token_type_embeddings.weight"][$0]
      }
    }
  }

  private func attended(_ x: [Double], _ layer: String) -> [Double] {
    product(gathered(projected(x, layer)), "\(layer).attention.output.dense")
  }

  private func fed(_ x: [Double], _ layer: String) -> [Double] {
    let hidden = product(x, "\(layer).intermediate.dense").map {
      PlainLayers.activation($0, configuration.activation)
    }
    return product(hidden, "\(layer).output.dense")
  }

  /// Queries, keys and values, [positions, 3 · channels].
  func projected(_ x: [Double], _ layer: String) -> [Double] {
    let parts = ["query", "key", "value"].map { product(x, "\(layer).attention.self.\($0)") }
    let width = configuration.width
    return stride(from: 0, to: x.count, by: width).flatMap { first in
      parts.flatMap { $0[first..<first + width] }
    }
  }

  func gathered(_ qkv: [Double]) -> [Double] {
    PlainLayers.attention(
      qkv: qkv, positions: qkv.count / (3 * configuration.width), heads: configuration.headCount,
      headWidth: configuration.headWidth, reach: .full)
  }

  func sum(_ x: [Double], _ y: [Double]) -> [Double] { zip(x, y).map { $0 + $1 } }

  func normalized(_ x: [Double], _ name: String) -> [Double] {
    PlainLayers.layerNorm(
      x, weight: self["\(name).weight"], bias: self["\(name).bias"],
      epsilon: configuration.layerNormEpsilon)
  }

  func product(_ x: [Double], _ name: String) -> [Double] {
    let (stored, bias) = (self["\(name).weight"], self["\(name).bias"])
    let weight = transposed(stored, columns: stored.count / max(bias.count, 1))
    return PlainLayers.multiply(x, by: weight, bias: bias)
  }
}
