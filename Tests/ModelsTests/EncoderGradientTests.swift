import Glibc
import Models
import Tensors
import Testing

@Suite struct EncoderGradientTests {
  private static let variants: [SmallEncoder] = [
    SmallEncoder(),
    SmallEncoder(layers: 1, heads: 1, headWidth: 2, inner: 1, words: 2, labels: 2),
    SmallEncoder(heads: 3, headWidth: 5, inner: 61, labels: 5),
    SmallEncoder(settings: ["hidden_act": #""gelu_new""#, "layer_norm_eps": "0.1"]),
    SmallEncoder(settings: ["pad_token_id": "0"]),
    SmallEncoder(family: .bert, types: 2),
    SmallEncoder(family: .bert, layers: 3, labels: 2, settings: ["hidden_act": #""relu""#]),
  ]

  private func window(
    _ small: SmallEncoder, _ count: Int, seed: UInt64
  ) throws -> ScoredTokens {
    try small.configuration().window(
      of: small.tokens(count, seed: seed), label: Int32(Int(seed) % small.labels))
  }

  private func gradient(
    _ small: SmallEncoder, _ windows: [ScoredTokens], threads: Int = 2,
    dropout: DropoutRates = .none, step: UInt64 = 0
  ) throws -> (losses: TokenLosses, gradient: ModelParameters) {
    let model = try small.configuration()
    let parameters = try ModelParameters(model, reading: small.weights(seed: 1))
    let gradient = ModelParameters(model)
    let losses = try model.loss(parameters, threads: threads, precision: .float32).addGradient(
      of: windows, scale: 1, dropout: dropout, seed: DropoutSeed(seed: 9, step: step),
      to: gradient)
    return (losses, gradient)
  }

  @Test("The plain gradient is that of finite differences", arguments: variants)
  func finiteDifferences(small: SmallEncoder) throws {
    let window = try window(small, 7, seed: 3)
    var model = try small.plain(seed: 1)
    let gradient = model.gradient(of: window)
    #expect(Set(gradient.keys) == Set(model.weights.keys))
    #expect(Set(gradient.keys) == Set(try small.configuration().tensors.map { $0.name }))
    let largest = gradient.values.flatMap { $0.map(\.magnitude) }.max() ?? 0
    // Central differences err by some h² and by 1e-16 / h of the loss.
    let step = 1e-5
    for (name, slopes) in gradient {
      for index in stride(from: 0, to: slopes.count, by: max(slopes.count / 9, 1)) {
        let value = model.weights[name]?[index] ?? 0
        func loss(_ change: Double) -> Double {
          model.weights[name]?[index] = value + change
          defer { model.weights[name]?[index] = value }
          return model.negativeLogLikelihood(of: window)
        }
        let expected = (loss(step) - loss(-step)) / (2 * step)
        #expect(abs(slopes[index] - expected) < 1e-6 * largest, "\(name) \(index)")
      }
    }
  }

  @Test("Gradients of every tensor are those of the plain twin", arguments: variants)
  func plainTwin(small: SmallEncoder) throws {
    let longest = try small.configuration().contextLength
    let windows = try [13, 1, longest].map { try window(small, $0, seed: UInt64($0)) }
    let found = try gradient(small, windows).gradient
    let model = try small.plain(seed: 1)
    let parts = windows.map { model.gradient(of: $0) }
    for tensor in found.tensors {
      let expected = tensor.elements.indices.map { index in
        let place = index - tensor.elements.lowerBound
        return parts.reduce(0) { $0 + ($1[tensor.name]?[place] ?? 0) }
      }
      let largest = expected.map(\.magnitude).max() ?? 0
      for (found, expected) in zip(found[tensor], expected) {
        // Some hundred roundings to binary32 on the way there and back.
        #expect(abs(Double(found) - expected) <= 3e-5 * largest + 1e-6, "\(tensor.name)")
      }
    }
  }

  @Test("Losses are those of the classifier's logits, and so are hits", arguments: variants)
  func losses(small: SmallEncoder) throws {
    let sequences = (0..<9).map { small.tokens(3 + $0, seed: UInt64($0)) }
    let logits = try small.classifier(seed: 1).logits(of: sequences, threads: 1)
    let model = try small.configuration()
    let parameters = try ModelParameters(model, reading: small.weights(seed: 1))
    let found = try model.loss(parameters, threads: 2, precision: .float32).losses(
      of: sequences.enumerated().map { model.window(of: $1, label: Int32($0 % small.labels)) })
    for (index, row) in logits.enumerated() {
      let total = row.reduce(0) { $0 + exp(Double($1)) }
      let wanted = row[index % small.labels]
      #expect(abs(Double(found.nats[index]) - log(total) + Double(wanted)) < 1e-4)
      #expect(found.hits?[index] == (row.firstIndex(of: row.max() ?? 0) == index % small.labels))
    }
  }

  @Test("The bits are the same for any number of threads, with dropout too")
  func threads() throws {
    let small = SmallEncoder(heads: 3, headWidth: 11, inner: 133, words: 301)
    let windows = try (1..<10).map { try window(small, $0 + 5, seed: UInt64($0)) }
    let dropout = DropoutRates(embedding: 0.1, attention: 0.2, residual: 0.3, head: 0.2)
    for dropout in [.none, dropout] {
      let all = try [1, 2, 3, 7].map { threads in
        let found = try gradient(small, windows, threads: threads, dropout: dropout)
        let numbers = UnsafeBufferPointer(
          start: found.gradient.elements.pointer, count: found.gradient.elements.count)
        return found.losses.nats.map(\.bitPattern) + numbers.map(\.bitPattern)
      }
      #expect(all.allSatisfy { $0 == all[0] })
    }
  }

  @Test("A sequence has the same loss alone and in company, and gradients add up")
  func company() throws {
    let small = SmallEncoder(family: .bert, types: 2)
    let windows = try [4, 16, 1, 9].map { try window(small, $0, seed: UInt64($0)) }
    let whole = try gradient(small, windows)
    let parts = try windows.map { try gradient(small, [$0]) }
    #expect(parts.flatMap(\.losses.nats) == whole.losses.nats)
    let largest =
      (0..<whole.gradient.elements.count).map {
        whole.gradient.elements.pointer[$0].magnitude
      }.max() ?? 0
    for index in 0..<whole.gradient.elements.count {
      let sum = parts.reduce(0) { $0 + $1.gradient.elements.pointer[index] }
      // Sums in another order.
      #expect(abs(sum - whole.gradient.elements.pointer[index]) < 1e-5 * largest)
    }
  }

  @Test(
    "With dropout the gradient is that of the loss with what was left out held fixed",
    arguments: [ClassifierFamily.roberta, .bert])
  func dropout(family: ClassifierFamily) throws {
    let small = SmallEncoder(family: family)
    let rates = DropoutRates(embedding: 0.1, attention: 0.3, residual: 0.2, head: 0.25)
    let model = try small.configuration()
    let parameters = try ModelParameters(model, reading: small.weights(seed: 1))
    let loss = model.loss(parameters, threads: 2, precision: .float32)
    let windows = try [14, 6, 9].map { try window(small, $0, seed: UInt64($0)) }
    func differentiate() throws -> (Double, ModelParameters) {
      let gradient = ModelParameters(like: parameters)
      let losses = try loss.addGradient(
        of: windows, scale: 1, dropout: rates, seed: DropoutSeed(seed: 4, step: 2), to: gradient)
      return (losses.nats.reduce(0) { $0 + Double($1) }, gradient)
    }
    let gradient = try differentiate().1
    for tensor in gradient.tensors {
      let slopes = gradient[tensor]
      let index = slopes.indices.max { slopes[$0].magnitude < slopes[$1].magnitude } ?? 0
      let (value, step) = (parameters[tensor][index], Float(4e-3))
      parameters[tensor][index] = value + step
      let above = try differentiate().0
      parameters[tensor][index] = value - step
      let below = try differentiate().0
      parameters[tensor][index] = value
      let expected = (above - below) / (2 * Double(step))
      // Losses round at 1e-6, and the step is large so that this is little beside it.
      #expect(abs(Double(slopes[index]) - expected) < 0.02 * abs(expected) + 2e-3, "\(tensor.name)")
    }
    let others = try self.gradient(small, windows, dropout: rates, step: 3).losses
    #expect(try self.gradient(small, windows, dropout: rates, step: 2).losses != others)
  }

  @Test("Sequences and classes that do not fit are refused")
  func refusals() throws {
    let small = SmallEncoder()
    let model = try small.configuration()
    let tooLong = [Int32](repeating: 0, count: model.contextLength + 1)
    for window in [
      model.window(of: [0, Int32(small.words)], label: 0), model.window(of: tooLong, label: 0),
      model.window(of: [1], label: 3), model.window(of: [1], label: -1),
    ] {
      #expect(throws: ModelError.self) { try gradient(small, [window]) }
    }
  }

  @Test("Settings alone say what a model is like, and which of them are missing or unusable")
  func settings() throws {
    let values = [
      "model_type": #""bert""#, "vocab_size": "37", "hidden_size": "12",
      "num_hidden_layers": "2", "num_attention_heads": "3", "intermediate_size": "20",
      "max_position_embeddings": "18", "type_vocab_size": "1", "num_labels": "3",
      "initializer_range": "0.05",
    ]
    func open(_ values: [String: String]) throws -> TrainableClassifier {
      try TrainableClassifier(
        MemoryWeights?.none, settings: ModelSettings(path: "config.json", values: values))
    }
    for family in [ClassifierFamily.bert, .roberta] {
      let settings = values.merging(["model_type": "\"\(family.rawValue)\""]) { $1 }
      let found = try open(settings).model
      let stored = try SmallEncoder(family: family).configuration()
      #expect(found.tensors.map { $0.name } == stored.tensors.map { $0.name })
      #expect(found.tensors.map { $0.extents } == stored.tensors.map { $0.extents })
      #expect(found.initialDeviation(of: "pooler.dense.weight") == 0.05)
      #expect(found.contextLength == (family == .bert ? 18 : 16))
    }
    for name in values.keys
    where !["type_vocab_size", "num_labels", "initializer_range"].contains(name) {
      #expect(throws: ModelError.self, "\(name)") { try open(values.filter { $0.key != name }) }
    }
    for (name, value) in [("hidden_size", "0"), ("hidden_size", "13"), ("initializer_range", "-1")]
    {
      #expect(throws: ModelError.self) { try open(values.merging([name: value]) { $1 }) }
    }
  }

  @Test("A head need not be stored, but the encoder must be whole")
  func withoutHead() throws {
    for family in [ClassifierFamily.bert, .roberta] {
      let small = SmallEncoder(family: family)
      var weights = small.weights(seed: 1)
      for name in try small.configuration().classHead { weights.tensors[name] = nil }
      let settings = try small.modelSettings.classifying(["a", "b", "c"], paddingToken: 7)
      #expect(settings.values["pad_token_id"] == nil)
      #expect(settings.areOfClassifier)
      let found = try TrainableClassifier(weights, settings: settings)
      #expect(found.labels == ["a", "b", "c"])
      #expect(
        found.model.tensors.map { $0.name } == (try small.configuration().tensors.map { $0.name }))
      weights.tensors["encoder.layer.1.output.dense.bias"] = nil
      #expect(throws: ModelError.self) { try TrainableClassifier(weights, settings: settings) }
    }
  }

  @Test("Names in transformers have the encoder's prefix, but not those of the head")
  func hubNames() throws {
    let bert = try SmallEncoder(family: .bert).configuration()
    #expect(bert.hubName(of: "embeddings.LayerNorm.bias") == "bert.embeddings.LayerNorm.bias")
    #expect(bert.hubName(of: "pooler.dense.weight") == "bert.pooler.dense.weight")
    #expect(bert.hubName(of: "classifier.weight") == "classifier.weight")
    let roberta = try SmallEncoder().configuration()
    #expect(roberta.hubName(of: "classifier.dense.bias") == "classifier.dense.bias")
    #expect(roberta.classHead.count == 4 && bert.classHead.contains("pooler.dense.bias"))
  }

  @Test("Rates of dropout are those of the settings, the head's its own")
  func rates() throws {
    let settings = [
      "hidden_dropout_prob": "0.2", "attention_probs_dropout_prob": "0.3",
      "classifier_dropout": "0.4",
    ]
    let model = try SmallEncoder().configuration()
    func rates(_ values: [String: String]) throws -> DropoutRates {
      try model.dropoutRates(ModelSettings(path: "", values: values))
    }
    #expect(
      try rates(settings)
        == DropoutRates(embedding: 0.2, attention: 0.3, residual: 0.2, head: 0.4))
    #expect(try rates(settings.merging(["classifier_dropout": "null"]) { $1 }).head == 0.2)
    #expect(try rates([:]) == DropoutRates(all: 0.1))
    #expect(throws: ModelError.self) { try rates(["hidden_dropout_prob": "1"]) }
  }
}
