import Models
import Tensors
import Testing

@Suite struct EncoderClassifierTests {
  /// Models that differ in all that a configuration tells.
  private static let variants: [SmallEncoder] = [
    SmallEncoder(),
    SmallEncoder(layers: 1, heads: 1, headWidth: 1, inner: 1, words: 2, labels: 2),
    SmallEncoder(heads: 3, headWidth: 15, inner: 61, labels: 5),
    SmallEncoder(settings: ["hidden_act": #""gelu_new""#, "layer_norm_eps": "0.1"]),
    SmallEncoder(settings: ["pad_token_id": "0"]),
    SmallEncoder(family: .bert, types: 2),
    SmallEncoder(family: .bert, layers: 3, labels: 2, settings: ["hidden_act": #""relu""#]),
  ]

  @Test("Logits are those of the formulas in binary64", arguments: variants)
  func logits(small: SmallEncoder) throws {
    let classifier = try small.classifier(seed: 1)
    let plain = try small.plain(seed: 1)
    #expect(classifier.labels.count == small.labels)
    for count in [1, 2, 7, classifier.longestInput] {
      let tokens = small.tokens(count, seed: UInt64(count))
      let found = try classifier.logits(of: [tokens], threads: 1)[0]
      let expected = plain.logits(of: tokens)
      #expect(found.count == expected.count)
      for (found, expected) in zip(found, expected) {
        // Some hundred roundings to binary32 between tokens and logits of about 1.
        #expect(abs(Double(found) - expected) < 2e-5)
      }
    }
  }

  @Test("What is classified alone, in company or by many threads has the same bits")
  func independence() throws {
    for family in [ClassifierFamily.roberta, .bert] {
      let small = SmallEncoder(family: family)
      let classifier = try small.classifier(seed: 3)
      let sequences = (1...40).map { small.tokens($0 % 16 + 1, seed: UInt64($0)) }
      let alone = try sequences.map { try classifier.logits(of: [$0], threads: 1)[0] }
      for (threads, positions) in [(1, 1), (1, 1000), (2, 20), (5, 7), (2, 1000)] {
        let found = try classifier.logits(
          of: sequences, threads: threads, positionsAtOnce: positions)
        #expect(found == alone)
      }
    }
  }

  @Test("Positions of RoBERTa begin after the padding token's, those of BERT at 0")
  func longestInput() throws {
    #expect(try SmallEncoder().classifier(seed: 1).longestInput == 16)
    #expect(try SmallEncoder(family: .bert).classifier(seed: 1).longestInput == 18)
    let late = SmallEncoder(settings: ["pad_token_id": "16"])
    #expect(try late.classifier(seed: 1).longestInput == 1)
    for token in ["17", "18", "9223372036854775807"] {
      let none = SmallEncoder(settings: ["pad_token_id": token])
      #expect(throws: ModelError.self) { try none.classifier(seed: 1) }
    }
  }

  @Test("Sequences that cannot be read are errors")
  func unusableTokens() throws {
    let classifier = try SmallEncoder().classifier(seed: 1)
    let faults: [([Int32], String)] = [
      ([], "no tokens"), (Array(repeating: 0, count: 17), "17 tokens"), ([0, 37], "token 37"),
      ([-1], "token -1"),
    ]
    for (sequence, text) in faults {
      let error = #expect(throws: ModelError.self) {
        try classifier.logits(of: [[0], sequence], threads: 1)
      }
      #expect(error?.reason == .unusableTokens)
      #expect(error?.detail.contains("sequence 1 has \(text)") == true)
    }
    #expect(try classifier.logits(of: [], threads: 2).isEmpty)
  }

  @Test("bfloat16 stays near binary32")
  func halfPrecision() throws {
    let small = SmallEncoder()
    let tokens = small.tokens(16, seed: 2)
    let exact = try small.classifier(seed: 1).logits(of: [tokens], threads: 1)[0]
    let rounded = try small.classifier(seed: 1, .bfloat16).logits(of: [tokens], threads: 1)[0]
    // Eight bits of significand in a dozen matrices.
    for (exact, rounded) in zip(exact, rounded) { #expect(abs(exact - rounded) < 0.1) }
  }

  @Test("Weights that are missing, of another shape or NaN are errors that name the tensor")
  func faultyWeights() throws {
    let small = SmallEncoder()
    let names: [TensorName] = [
      "encoder.layer.1.attention.self.value.weight", "encoder.layer.0.output.LayerNorm.bias",
      "embeddings.LayerNorm.weight", "classifier.dense.weight", "classifier.out_proj.bias",
    ]
    for name in names {
      for (reason, change) in SmallEncoder.damages {
        var weights = small.weights(seed: 1)
        change(&weights, name)
        let error = #expect(throws: ModelError.self) {
          try EncoderClassifier(
            .roberta, weights, settings: small.modelSettings, precision: .float32, threads: 1)
        }
        #expect(error?.reason == reason)
        #expect(error?.tensor == name)
      }
    }
  }

  @Test("Settings that ask for another model, or contradict the shapes, are errors")
  func settings() throws {
    let faults: [(String, String)] = [
      ("position_embedding_type", #""relative_key""#), ("is_decoder", "true"),
      ("hidden_act", #""silu""#), ("quantization_config", "{}"), ("num_hidden_layers", "3"),
      ("max_position_embeddings", "19"), ("hidden_size", "13"), ("layer_norm_eps", "-1"),
      ("num_attention_heads", "5"), ("type_vocab_size", "2"),
      ("problem_type", #""multi_label_classification""#), ("num_labels", "2"),
      ("id2label", #"{"0": "a", "1": "b"}"#), ("id2label", #"{"0": "a", "1": "b", "3": "c"}"#),
      ("id2label", "[]"),
    ]
    for (name, value) in faults {
      let error = #expect(throws: ModelError.self, "\(name)") {
        try SmallEncoder(settings: [name: value]).classifier(seed: 1)
      }
      if name != "num_attention_heads" { #expect(error?.detail.contains(name) == true) }
    }
    #expect(throws: ModelError.self) { try SmallEncoder(labels: 1).classifier(seed: 1) }
  }

  @Test("Labels have the names of the configuration, or numbers")
  func labels() throws {
    let names = #"{"1": "neutral", "0": "negative", "2": 7}"#
    let named = try SmallEncoder(settings: ["id2label": names]).classifier(seed: 1)
    #expect(named.labels == ["negative", "neutral", "7"])
    #expect(try SmallEncoder().classifier(seed: 1).labels == ["LABEL_0", "LABEL_1", "LABEL_2"])
  }
}

extension SmallEncoder {
  typealias Damage = @Sendable (inout MemoryWeights, TensorName) -> Void

  /// What may be wrong with a tensor.
  static let damages: [(ModelError.Reason, Damage)] = [
    (.missing, { $0.tensors[$1] = nil }),
    (
      .mismatch,
      { weights, name in
        guard let shape = Shape([1, 2, 3]) else { return }
        weights.tensors[name] = (shape, Array(repeating: 0, count: 6))
      }
    ),
    (.nonfinite, { $0.tensors[$1]?.values[0] = .nan }),
  ]
}
