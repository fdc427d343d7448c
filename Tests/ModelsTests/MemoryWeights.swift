import LinearAlgebra
import Models
import Tensors

/// Weights in memory.
struct MemoryWeights: StateDict {
  let path = "memory"
  var tensors: [TensorName: (shape: Shape, values: [Float])] = [:]

  var names: [TensorName] { tensors.keys.sorted() }

  func shape(of name: TensorName) -> Shape? { tensors[name]?.shape }

  func read(
    _ name: TensorName, elements: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    guard let values = tensors[name]?.values[elements] else { return }
    for (index, value) in values.enumerated() { target[index] = value }
  }
}

/// A GPT-2 of any extents whose weights are random.
struct SmallGPT2 {
  var layers = 2
  var heads = 3
  var headWidth = 4
  var inner = 20
  var words = 37
  var context = 16
  var hasHead = false
  /// How many classes the model tells apart, if it predicts no tokens.
  var classes: Int?
  /// JSON text of settings beside those that the extents make.
  var settings: [String: String] = [:]

  var width: Int { heads * headWidth }

  var modelSettings: ModelSettings {
    let extents = ["n_head": heads, "n_layer": layers].mapValues(String.init)
    return ModelSettings(
      path: "config.json",
      values: extents.merging(["tie_word_embeddings": hasHead ? "false" : "true"]) { $1 }
        .merging(settings) { $1 })
  }

  var classifierSettings: ModelSettings {
    let names = (0..<(classes ?? 0)).map { "\"\($0)\": \"class \($0)\"" }.joined(separator: ", ")
    return ModelSettings(
      path: "config.json", values: modelSettings.values.merging(["id2label": "{\(names)}"]) { $1 })
  }

  func weights(seed: UInt64) -> MemoryWeights {
    var (random, weights) = (RandomStream(seed: seed), MemoryWeights())
    for (name, extents) in extents {
      guard let shape = Shape(extents) else { continue }
      let isGain = name.hasSuffix("ln_1.weight") || name.hasSuffix("ln_2.weight")
      let values = (0..<shape.elementCount).map { _ in
        Float(random.normal() * 0.3 + (isGain ? 1 : 0))
      }
      weights.tensors[TensorName(name)] = (shape, values)
    }
    return weights
  }

  func configuration() throws -> GPT2Configuration {
    try GPT2Configuration(
      of: weights(seed: 0), settings: modelSettings, classCount: classes)
  }

  func model(seed: UInt64, _ precision: Precision = .float32) throws -> GPT2 {
    let model = GPT2(try configuration(), precision: precision)
    try model.load(weights(seed: seed), threads: 2)
    return model
  }

  func plain(seed: UInt64) throws -> PlainGPT2 {
    try PlainGPT2(configuration(), reading: weights(seed: seed))
  }

  /// Random tokens.
  func tokens(_ count: Int, seed: UInt64) -> [Int32] {
    var random = RandomStream(seed: seed)
    return (0..<count).map { _ in Int32(random.uniform() * Double(words)) }
  }

  private var extents: [(String, [Int])] {
    let ends = [
      ("wte.weight", [words, width]), ("wpe.weight", [context, width]),
      ("ln_f.weight", [width]), ("ln_f.bias", [width]),
    ]
    let layer = [
      ("ln_1.weight", [width]), ("ln_1.bias", [width]), ("attn.c_attn.weight", [width, 3 * width]),
      ("attn.c_attn.bias", [3 * width]), ("attn.c_proj.weight", [width, width]),
      ("attn.c_proj.bias", [width]), ("ln_2.weight", [width]), ("ln_2.bias", [width]),
      ("mlp.c_fc.weight", [width, inner]), ("mlp.c_fc.bias", [inner]),
      ("mlp.c_proj.weight", [inner, width]), ("mlp.c_proj.bias", [width]),
    ]
    let score = classes.map { [("score.weight", [$0, width])] } ?? []
    return ends + score + (hasHead ? [("lm_head.weight", [words, width])] : [])
      + (0..<layers).flatMap { number in layer.map { ("h.\(number).\($0.0)", $0.1) } }
  }
}
