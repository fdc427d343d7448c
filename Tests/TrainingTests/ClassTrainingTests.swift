import Models
import TestSupport
import Testing
import Training

@Suite struct ClassTrainingTests {
  /// A GPT-2 and a BERT.
  static let families: [ClassifierFamily] = [.gpt2, .bert]

  /// Sequences of at most 8 tokens, whose class is that of the token before the last.
  private func data(
    _ family: ClassifierFamily = .gpt2, seed: UInt64 = 3
  ) throws -> LabelledSequences {
    let model = try model(family)
    return try LabelledSequences(
      (0..<41).map { number in
        let tokens = (0..<3 + number % 5).map { Int32((number * 7 + $0 * $0) % 9) }
        return model.window(of: tokens + [9], label: tokens[tokens.count - 1] % 3)
      }, seed: seed, path: "data")
  }

  private func model(_ family: ClassifierFamily = .gpt2) throws -> any TrainableModel {
    let extents = [
      "n_layer": 2, "n_embd": 12, "n_head": 3, "vocab_size": 10, "n_positions": 8,
      "num_hidden_layers": 2, "hidden_size": 12, "num_attention_heads": 3,
      "intermediate_size": 48, "max_position_embeddings": 8, "num_labels": 3,
    ].mapValues(String.init)
    let more = ["model_type": "\"\(family.rawValue)\"", "initializer_range": "0.2"]
    return try TrainableClassifier(
      ModelParameters?.none,
      settings: ModelSettings(path: "config.json", values: extents.merging(more) { $1 })
    ).model
  }

  private func begin(
    _ family: ClassifierFamily = .gpt2, steps: Int, threads: Int = 2, dropout: Double = 0
  ) throws -> Trainer {
    let (model, data) = (try model(family), try data(family))
    let parameters = ModelParameters(model)
    parameters.initialize(for: model, seed: 3, threads: threads)
    let plan = TrainingPlan(
      batch: 8, schedule: LearningRateSchedule(.linear, peak: 1e-2, warmUp: 2, steps: steps),
      dropout: DropoutRates(all: dropout), seed: 5, validationInterval: 5)
    return Trainer(model, parameters, plan: plan, data: data, validation: data, threads: threads)
  }

  @Test("Classes that can be learnt are learnt", arguments: families)
  func learning(family: ClassifierFamily) throws {
    let steps = try begin(family, steps: 150).finish()
    // 3 classes, each about as likely as the others, to begin with.
    #expect(abs(steps[0].loss - 1.0986) < 0.3)
    #expect(steps[0].accuracy.map { 0...1 ~= $0 } ?? false)
    #expect(steps[149].validationAccuracy == 1)
    #expect(steps[149].validationLoss.map { $0 < 0.1 } ?? false)
    #expect(steps[148].validationAccuracy == nil)
  }

  @Test(
    "The same bits for any number of threads, and after a run was taken up again",
    arguments: families)
  func sameBits(family: ClassifierFamily) throws {
    let runs = try [1, 2, 5].map { threads in
      let trainer = try begin(family, steps: 12, threads: threads, dropout: 0.1)
      return (try trainer.finish(), trainer.bits)
    }
    #expect(runs.allSatisfy { $0 == runs[0] })
    let folder = try TemporaryFolder()
    func open() throws -> (Trainer, TrainingFolder) {
      let path = folder.path + "/run.training"
      return (
        try begin(family, steps: 12, dropout: 0.1),
        try TrainingFolder(path, run: "x", discardingOthers: false)
      )
    }
    do {
      let (trainer, kept) = try open()
      for _ in 0..<7 {
        kept.append(try trainer.advance())
        if trainer.isBest { try kept.saveBest(trainer) }
      }
      try kept.save(trainer)
    }
    let (trainer, kept) = try open()
    try kept.restore(trainer)
    for step in try trainer.finish() { kept.append(step) }
    try kept.save(trainer)
    #expect(trainer.bits == runs[0].1)
    #expect(try kept.steps(12) == runs[0].0)
  }

  @Test("Each pass takes every sequence once, in another order")
  func passes() throws {
    var data = try data()
    let (first, second) = (data.windows(0..<41), data.windows(41..<82))
    #expect(first != second && first != data.allWindows())
    #expect(Set(first) == Set(second) && Set(first) == Set(data.allWindows()))
    #expect(data.windows(40..<42) == [first[40], second[0]])
    #expect(throws: TrainingError.self) { try LabelledSequences([], seed: 1, path: "x") }
  }

  @Test("Labels are names, or numbers from 0; numbers stand for classes as told")
  func labels() throws {
    let named = ClassNumbers(["bad", "good", "0"])
    #expect(try ["good", "1", "0", "2"].map { try number(named, $0) } == [1, 1, 2, 2])
    let told = ClassNumbers([0, nil, 1])
    #expect(try ["0", "1", "2"].map { try number(told, $0) } == [0, nil, 1])
    for (numbers, label) in [(named, "3"), (named, "-1"), (named, "Good"), (told, "3"), (told, "")]
    {
      let error = #expect(throws: TrainingError.self) { try number(numbers, label) }
      #expect(error?.path == "f: line 4" && error?.reason == .unknownClass)
    }
  }

  private func number(_ numbers: ClassNumbers, _ label: String) throws -> Int? {
    try numbers.number(of: label, path: "f", line: 4)
  }

  @Test("A class counts at the last token that is not padding")
  func padding() throws {
    let weights = ModelParameters(like: try begin(steps: 1).parameters)
    let padded = try GPT2Configuration(
      of: weights,
      settings: ModelSettings(path: "", values: ["n_head": "3", "pad_token_id": "9"]),
      classCount: 3)
    #expect(padded.window(of: [1, 9, 2, 9, 9], label: 2).tokens == [1, 9, 2, 2])
    #expect(padded.window(of: [9, 9], label: 0).tokens == [9, 0])
    #expect(try model().window(of: [1, 9], label: 2).tokens == [1, 9, 2])
  }
}
