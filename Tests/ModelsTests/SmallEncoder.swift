import LinearAlgebra
import Models
import Tensors

/// A RoBERTa or BERT of any extents, with a head, whose weights are random.
struct SmallEncoder {
  var family = ClassifierFamily.roberta
  var layers = 2
  var heads = 3
  var headWidth = 4
  var inner = 20
  var words = 37
  var positions = 18
  var types = 1
  var labels = 3
  /// JSON text of settings beside those that the extents make.
  var settings: [String: String] = [:]

  var width: Int { heads * headWidth }

  var modelSettings: ModelSettings {
    let own = [
      "model_type": "\"\(family.rawValue)\"", "num_attention_heads": "\(heads)",
      "num_hidden_layers": "\(layers)", "max_position_embeddings": "\(positions)",
    ]
    return ModelSettings(path: "config.json", values: own.merging(settings) { $1 })
  }

  func weights(seed: UInt64) -> MemoryWeights {
    var (random, weights) = (RandomStream(seed: seed), MemoryWeights())
    for (name, extents) in extents {
      guard let shape = Shape(extents) else { continue }
      let isGain = name.hasSuffix("LayerNorm.weight")
      let values = (0..<shape.elementCount).map { _ in
        Float(random.normal() * 0.3 + (isGain ? 1 : 0))
      }
      weights.tensors[TensorName(name)] = (shape, values)
    }
    return weights
  }

  func classifier(
    seed: UInt64, _ precision: Precision = .float32
  ) throws -> EncoderClassifier {
    try EncoderClassifier(
      family, weights(seed: seed), settings: modelSettings, precision: precision, threads: 2)
  }

  func configuration() throws -> EncoderConfiguration {
    try EncoderConfiguration(
      family, of: weights(seed: 0), settings: modelSettings, classCount: labels)
  }

  func plain(seed: UInt64) throws -> PlainEncoderClassifier {
    try PlainEncoderClassifier(configuration(), reading: weights(seed: seed))
  }

  /// Random tokens.
  func tokens(_ count: Int, seed: UInt64) -> [Int32] {
    var random = RandomStream(seed: seed)
    return (0..<count).map { _ in Int32(random.uniform() * Double(words)) }
  }

  private var extents: [(String, [Int])] {
    let tables = [
      ("embeddings.word_embeddings.weight", [words, width]),
      ("embeddings.position_embeddings.weight", [positions, width]),
      ("embeddings.token_type_embeddings.weight", [types, width]),
      ("embeddings.LayerNorm.weight", [width]), ("embeddings.LayerNorm.bias", [width]),
    ]
    let dense = family == .bert ? "pooler.dense" : "classifier.dense"
    let output = family == .bert ? "classifier" : "classifier.out_proj"
    let head = linear(dense, width, width) + linear(output, labels, width)
    return tables + head + (0..<layers).flatMap(layer)
  }

  private func layer(_ number: Int) -> [(String, [Int])] {
    let matrices =
      ["self.query", "self.key", "self.value", "output.dense"].flatMap {
        linear("attention.\($0)", width, width)
      } + linear("intermediate.dense", inner, width) + linear("output.dense", width, inner)
    let norms = ["attention.output", "output"].flatMap {
      [("\($0).LayerNorm.weight", [width]), ("\($0).LayerNorm.bias", [width])]
    }
    return (matrices + norms).map { ("encoder.layer.\(number).\($0.0)", $0.1) }
  }

  private func linear(_ name: String, _ outputs: Int, _ inputs: Int) -> [(String, [Int])] {
    [("\(name).weight", [outputs, inputs]), ("\(name).bias", [outputs])]
  }
}
