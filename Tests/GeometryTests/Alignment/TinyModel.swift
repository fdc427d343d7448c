import Checkpoints
import Geometry
import LinearAlgebra
import TestSupport

/// Small models of random weights, whose axes all have different lengths.
enum TinyModel {
  static let channels = 12
  static let heads = 3
  static let hidden = 20

  /// A GPT-2 of two layers: fused, transposed matrices and a tied head.
  static func gpt2(seed: UInt64) -> [StoredTensor] {
    let (d, h) = (channels, hidden)
    var tensors: [(String, [Int])] = [
      ("wte.weight", [31, d]), ("wpe.weight", [7, d]), ("ln_f.weight", [d]), ("ln_f.bias", [d]),
    ]
    for layer in 0..<2 {
      tensors += [
        ("ln_1.weight", [d]), ("ln_1.bias", [d]), ("attn.c_attn.weight", [d, 3 * d]),
        ("attn.c_attn.bias", [3 * d]), ("attn.c_proj.weight", [d, d]), ("attn.c_proj.bias", [d]),
        ("ln_2.weight", [d]), ("ln_2.bias", [d]), ("mlp.c_fc.weight", [d, h]),
        ("mlp.c_fc.bias", [h]), ("mlp.c_proj.weight", [h, d]), ("mlp.c_proj.bias", [d]),
      ].map { ("h.\(layer).\($0.0)", $0.1) }
    }
    return random(tensors, seed: seed)
  }

  /// A BERT of one layer, whose head bears channels along both axes.
  static func bert(seed: UInt64) -> [StoredTensor] {
    let (d, h) = (channels, hidden)
    let layer: [(String, [Int])] = [
      ("attention.self.query.weight", [d, d]), ("attention.self.query.bias", [d]),
      ("attention.self.key.weight", [d, d]), ("attention.self.key.bias", [d]),
      ("attention.self.value.weight", [d, d]), ("attention.self.value.bias", [d]),
      ("attention.output.dense.weight", [d, d]), ("attention.output.dense.bias", [d]),
      ("attention.output.LayerNorm.weight", [d]), ("intermediate.dense.weight", [h, d]),
      ("intermediate.dense.bias", [h]), ("output.dense.weight", [d, h]),
    ]
    return random(
      [("embeddings.word_embeddings.weight", [31, d])]
        + layer.map { ("encoder.layer.0.\($0.0)", $0.1) }
        + [("cls.predictions.transform.dense.weight", [d, d])], seed: seed)
  }

  private static func random(_ tensors: [(String, [Int])], seed: UInt64) -> [StoredTensor] {
    var random = RandomStream(seed: seed)
    return tensors.map { name, shape in
      StoredTensor(name, shape, (0..<shape.reduce(1, *)).map { _ in random.normal() })
    }
  }
}

extension TemporaryFolder {
  /// Writes a model and opens it.
  func model(_ tensors: [StoredTensor], _ name: String = "model.safetensors") throws
    -> ParameterList
  {
    try ParameterList(checkpoint(name, tensors))
  }
}
