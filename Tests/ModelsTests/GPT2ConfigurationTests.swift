import Models
import Tensors
import Testing

@Suite struct GPT2ConfigurationTests {
  private func error(
    _ settings: [String: String], _ weights: MemoryWeights = SmallGPT2().weights(seed: 1),
    headCount: Int? = 3
  ) -> ModelError? {
    #expect(throws: ModelError.self) {
      try GPT2Configuration(
        of: weights, settings: ModelSettings(path: "config.json", values: settings),
        headCount: headCount)
    }
  }

  @Test("Shapes tell the extents")
  func extents() throws {
    let small = SmallGPT2(layers: 3, heads: 2, headWidth: 5, inner: 7, words: 11, context: 13)
    let found = try GPT2Configuration(of: small.weights(seed: 1), settings: nil, headCount: 2)
    #expect(
      [found.layerCount, found.width, found.innerWidth, found.vocabularySize, found.contextLength]
        == [3, 10, 7, 11, 13])
    #expect(found.headWidth == 5)
    #expect(found.isHeadTied)
  }

  @Test("Settings that are missing or null have the defaults of transformers")
  func defaults() throws {
    let settings = ModelSettings(path: "", values: ["n_head": "4", "n_inner": "null"])
    let found = try GPT2Configuration(of: SmallGPT2().weights(seed: 1), settings: settings)
    #expect(found.headCount == 4)
    #expect(found.activation == .tanh)
    #expect(found.layerNormEpsilon == 1e-5)
    #expect(found.isHeadTied)
    #expect(found.attentionScale(inLayer: 1) == 1 / 3.0.squareRoot())
  }

  @Test(
    "Activations go by all their names",
    arguments: [
      ("gelu_new", Activation.tanh), ("gelu_pytorch_tanh", .tanh), ("gelu_fast", .tanh),
      ("gelu", .erf), ("relu", .relu),
    ])
  func activations(name: String, expected: Activation) throws {
    let small = SmallGPT2(settings: ["activation_function": "\"\(name)\""])
    #expect(try small.configuration().activation == expected)
  }

  @Test("Attention is scaled as the settings say")
  func attentionScale() throws {
    let unscaled = try SmallGPT2(settings: ["scale_attn_weights": "false"]).configuration()
    #expect(unscaled.attentionScale(inLayer: 1) == 1)
    let byLayer = try SmallGPT2(settings: ["scale_attn_by_inverse_layer_idx": "true"])
      .configuration()
    #expect(byLayer.attentionScale(inLayer: 1) == 0.25)
  }

  @Test("What is called a classifier is none of tokens; other names, or none, say nothing")
  func architectures() throws {
    let refused = error(["architectures": "[\n  \"GPT2ForSequenceClassification\"\n]"])
    #expect(refused?.reason == .unsupported)
    #expect(refused?.detail.hasPrefix("architectures is GPT2ForSequenceClassification, ") == true)
    for value in ["null", "[]", #"["GPT2LMHeadModel"]"#, #"["GPT2Model"]"#, "7"] {
      #expect(throws: Never.self) {
        try SmallGPT2(settings: ["architectures": value]).configuration()
      }
    }
  }

  @Test("A stored head counts unless the settings call it tied")
  func heads() throws {
    let weights = SmallGPT2(hasHead: true).weights(seed: 1)
    let untold = try GPT2Configuration(of: weights, settings: nil, headCount: 3)
    #expect(!untold.isHeadTied)
    let tied = ModelSettings(path: "", values: ["n_head": "3"])
    #expect(try GPT2Configuration(of: weights, settings: tied).isHeadTied)
    let missing = error(["tie_word_embeddings": "false"])
    #expect(missing?.reason == .missing)
    #expect(missing?.tensor == "lm_head.weight")
  }

  @Test("The number of heads cannot be guessed, and must divide the channels")
  func headCount() {
    let unknown = error(["n_layer": "2"], headCount: nil)
    #expect(unknown?.reason == .unknown)
    #expect(error([:], headCount: 5)?.reason == .mismatch)
    #expect(error([:], headCount: 0)?.reason == .mismatch)
    let wide = SmallGPT2(layers: 1, heads: 2, headWidth: 400, inner: 1, words: 1, context: 1)
    #expect(error([:], wide.weights(seed: 1), headCount: 1)?.reason == .unsupported)
  }

  @Test(
    "Other models are refused by the setting that tells them",
    arguments: [
      ("model_type", #""llama""#), ("activation_function", #""silu""#),
      ("add_cross_attention", "true"), ("quantization_config", "{}"),
      ("layer_norm_epsilon", #""small""#), ("n_layer", "-2"), ("scale_attn_weights", "1"),
      ("model_type", "3"),
    ])
  func otherModels(name: String, value: String) {
    let error = error([name: value])
    #expect(error?.reason == .unsupported)
    #expect(error?.detail.contains(name) == true)
    #expect(error?.path == "config.json")
  }

  @Test(
    "Settings that contradict the shapes are errors",
    arguments: [
      "n_layer", "n_embd", "vocab_size", "n_positions", "n_inner",
    ])
  func contradictions(name: String) {
    let error = error([name: "1000"])
    #expect(error?.reason == .mismatch)
    #expect(error?.description.hasPrefix("config.json: \(name) is 1000, but") == true)
  }

  @Test("Tensors of other shapes, such as transposed ones, are errors that name them")
  func shapes() throws {
    var weights = SmallGPT2().weights(seed: 1)
    weights.tensors["h.1.attn.c_attn.weight"]?.shape = try #require(Shape([36, 12]))
    let transposed = error([:], weights)
    #expect(transposed?.tensor == "h.1.attn.c_attn.weight")
    #expect(transposed?.detail.contains("[36, 12], and should be [12, 36]") == true)
    weights.tensors["wte.weight"] = nil
    #expect(error([:], weights)?.reason == .missing)
    weights.tensors["wte.weight"] = (try #require(Shape([0, 12])), [])
    #expect(error([:], weights)?.reason == .mismatch)
  }
}
