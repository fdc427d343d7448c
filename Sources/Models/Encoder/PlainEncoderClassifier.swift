import Glibc
import Tensors

/// RoBERTa or BERT with its head in `Double`, written as their formulas: what
/// ``EncoderClassifier`` is held against.
public struct PlainEncoderClassifier: Sendable {
  /// What the encoder is like.
  public let configuration: EncoderConfiguration
  /// The weights by canonical name, row-major.
  private let weights: [TensorName: [Double]]

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
      x = normalized(sum(x, attended(x, name, tokens.count)), "\(name).attention.output.LayerNorm")
      let hidden = product(x, "\(name).intermediate.dense").map {
        PlainLayers.activation($0, configuration.activation)
      }
      x = normalized(sum(x, product(hidden, "\(name).output.dense")), "\(name).output.LayerNorm")
    }
    let names = EncoderClassifier.headNames(configuration.family)
    let first = Array(x.prefix(configuration.width))
    return product(product(first, names.dense).map(tanh), names.output)
  }

  private subscript(name: String) -> [Double] { weights[TensorName(name)] ?? [] }

  /// Words, positions and the first type; RoBERTa counts tokens that are not padding.
  private func embedded(_ tokens: [Int32]) -> [Double] {
    let width = configuration.width
    return tokens.indices.flatMap { index in
      let isPadding = { (token: Int32) in Int(token) == configuration.paddingToken }
      let before = tokens[..<index].count { !isPadding($0) }
      let position =
        isPadding(tokens[index])
        ? configuration.firstPosition - 1 : configuration.firstPosition + before
      return (0..<width).map {
        self["embeddings.word_embeddings.weight"][Int(tokens[index]) * width + $0]
          + self["embeddings.position_embeddings.weight"][position * width + $0]
          + self["embeddings.token_type_embeddings.weight"][$0]
      }
    }
  }

  private func attended(_ x: [Double], _ layer: String, _ positions: Int) -> [Double] {
    let parts = ["query", "key", "value"].map { product(x, "\(layer).attention.self.\($0)") }
    let width = configuration.width
    let qkv = (0..<positions).flatMap { position in
      parts.flatMap { $0[position * width..<(position + 1) * width] }
    }
    let gathered = PlainLayers.attention(
      qkv: qkv, positions: positions, heads: configuration.headCount,
      headWidth: configuration.headWidth, reach: .full)
    return product(gathered, "\(layer).attention.output.dense")
  }

  private func sum(_ x: [Double], _ y: [Double]) -> [Double] { zip(x, y).map { $0 + $1 } }

  private func normalized(_ x: [Double], _ name: String) -> [Double] {
    PlainLayers.layerNorm(
      x, weight: self["\(name).weight"], bias: self["\(name).bias"],
      epsilon: configuration.layerNormEpsilon)
  }

  private func product(_ x: [Double], _ name: String) -> [Double] {
    let (stored, bias) = (self["\(name).weight"], self["\(name).bias"])
    let (outputs, inputs) = (bias.count, stored.count / max(bias.count, 1))
    let weight = (0..<stored.count).map { stored[$0 % outputs * inputs + $0 / outputs] }
    return PlainLayers.multiply(x, by: weight, bias: bias)
  }
}
