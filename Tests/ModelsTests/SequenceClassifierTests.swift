import Models
import Tensors
import Testing

@Suite struct SequenceClassifierTests {
  private func open(_ weights: MemoryWeights, _ values: [String: String]) throws
    -> any SequenceClassifier
  {
    try openSequenceClassifier(
      weights, settings: ModelSettings(path: "config.json", values: values), precision: .float32,
      threads: 1)
  }

  @Test("The configuration tells the kind of model")
  func families() throws {
    for family in [ClassifierFamily.roberta, .bert] {
      let small = SmallEncoder(family: family)
      let values = small.modelSettings.values
      #expect(try open(small.weights(seed: 1), values).family == family)
      let name = family == .bert ? "Bert" : "Roberta"
      let architectures = ["architectures": "[\"\(name)ForSequenceClassification\"]"]
      let untyped = values.filter { $0.key != "model_type" }.merging(architectures) { $1 }
      #expect(try open(small.weights(seed: 1), untyped).family == family)
    }
  }

  @Test(
    "Models of other kinds are errors",
    arguments: [
      ["model_type": #""xlm-roberta""#], ["model_type": "null"],
      ["architectures": #"["RobertaForMaskedLM"]"#],
      ["architectures": #"["BertForSequenceClassification"]"#],
      ["architectures": #"["XLMRobertaForSequenceClassification"]"#],
    ])
  func otherModels(changes: [String: String]) throws {
    let small = SmallEncoder()
    let error = #expect(throws: ModelError.self) {
      try open(small.weights(seed: 1), small.modelSettings.values.merging(changes) { $1 })
    }
    #expect(error?.reason == .unsupported)
  }

  private func gpt2(_ settings: [String: String] = [:]) throws -> (
    any SequenceClassifier, SmallGPT2
  ) {
    let small = SmallGPT2()
    var weights = small.weights(seed: 4)
    let shape = try #require(Shape([2, small.width]))
    weights.tensors["score.weight"] = (shape, (0..<2 * small.width).map { Float($0 % 5) - 2 })
    let values = small.modelSettings.values.merging(["model_type": #""gpt2""#]) { $1 }
    return (try open(weights, values.merging(settings) { $1 }), small)
  }

  @Test("GPT-2 is classified by its last token: what follows it in padding counts for nothing")
  func padding() throws {
    let (classifier, small) = try gpt2(["pad_token_id": "5"])
    #expect(classifier.longestInput == small.context)
    let tokens: [Int32] = [3, 5, 7, 1]
    let alone = try classifier.logits(of: [tokens], threads: 1)
    #expect(alone[0].count == 2)
    #expect(try classifier.logits(of: [tokens + [5, 5]], threads: 1) == alone)
    let (unpadded, _) = try gpt2()
    #expect(try unpadded.logits(of: [tokens], threads: 2) == alone)
    #expect(try unpadded.logits(of: [tokens + [5, 5]], threads: 2) != alone)
  }

  @Test("GPT-2's logits are the score of what goes into the head")
  func score() throws {
    let (classifier, small) = try gpt2()
    let tokens = small.tokens(9, seed: 2)
    // A head whose first rows are the score's gives the same logits for those tokens.
    var plain = SmallGPT2(hasHead: true)
    plain.words = small.words
    var weights = small.weights(seed: 4)
    let shape = try #require(Shape([small.words, small.width]))
    let scores = (0..<2 * small.width).map { Float($0 % 5) - 2 }
    let rest = Array(repeating: Float(0), count: (small.words - 2) * small.width)
    weights.tensors["lm_head.weight"] = (shape, scores + rest)
    let model = GPT2(
      try GPT2Configuration(of: weights, settings: plain.modelSettings), precision: .float32)
    try model.load(weights, threads: 1)
    let expected = try model.logits(after: [8], of: tokens).prefix(2)
    #expect(try classifier.logits(of: [tokens], threads: 1)[0] == Array(expected))
  }
}
