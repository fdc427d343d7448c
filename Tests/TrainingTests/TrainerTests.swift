import Checkpoints
import Models
import TestSupport
import Testing
import Training

/// A tiny model, a text that can be learnt, and a run.
struct TinyRun {
  var steps = 12
  var accumulation = 1
  var batch = 4
  var rate = 3e-2
  var dropout = DropoutRates(embedding: 0.1, attention: 0.1, residual: 0.1)
  var validationInterval = 5
  var patience: Int?
  var branch: TrainingPlan.Branch?
  var threads = 2
  var precision = Precision.float32

  static let length = 8

  var plan: TrainingPlan {
    TrainingPlan(
      batch: batch, accumulation: accumulation,
      schedule: LearningRateSchedule(.linear, peak: rate, warmUp: 2, steps: steps),
      dropout: dropout, seed: 5, branch: branch, validationInterval: validationInterval,
      patience: patience, precision: precision)
  }

  func model() throws -> (GPT2Configuration, ModelParameters) {
    let settings = ModelSettings(
      path: "config.json",
      values: [
        "n_layer": "2", "n_embd": "12", "n_head": "3", "vocab_size": "11", "n_positions": "8",
      ])
    let configuration = try GPT2Configuration(settings: settings)
    let parameters = ModelParameters(configuration)
    parameters.initialize(for: configuration, seed: 3, threads: threads)
    return (configuration, parameters)
  }

  /// Counts up from different numbers.
  func text() throws -> TrainingText {
    try TrainingText(
      documents: (0..<10).map { first in (0..<10).map { Int32((first + $0) % 10) } },
      endOfText: 10, length: TinyRun.length, seed: 7, path: "text")
  }

  func trainer() throws -> Trainer {
    let (text, (configuration, parameters)) = (try text(), try model())
    return Trainer(
      configuration, parameters, plan: plan, data: text, validation: text, threads: threads)
  }
}

extension Trainer {
  /// Takes all steps that are left.
  func finish() throws -> [TrainingStep] {
    var steps: [TrainingStep] = []
    while !isDone { steps.append(try advance()) }
    return steps
  }

  var bits: [UInt32] {
    UnsafeBufferPointer(start: parameters.elements.pointer, count: parameters.elements.count)
      .map(\.bitPattern)
  }
}

@Suite struct TrainerTests {
  @Test("The loss of a text that can be learnt falls")
  func learning() throws {
    let run = TinyRun(steps: 150, dropout: .none)
    let trainer = try run.trainer()
    let steps = try trainer.finish()
    // 11 tokens, each as likely as the others, to begin with.
    #expect(abs(steps[0].loss - 2.398) < 0.1)
    #expect(steps[149].loss < 0.6)
    #expect(steps[149].validationLoss.map { $0 < 0.6 } ?? false)
  }

  @Test("The same bits for any number of threads", arguments: Precision.allCases)
  func threads(precision: Precision) throws {
    let runs = try [1, 2, 5].map { threads in
      let trainer = try TinyRun(threads: threads, precision: precision).trainer()
      return (try trainer.finish(), trainer.bits)
    }
    #expect(runs.allSatisfy { $0 == runs[0] })
  }

  @Test("In bfloat16 a text is learnt as well as in binary32, by other bits")
  func precision() throws {
    let runs = try Precision.allCases.map { precision in
      let trainer = try TinyRun(steps: 150, dropout: .none, precision: precision).trainer()
      return (try trainer.finish().last?.validationLoss ?? .nan, trainer.bits)
    }
    // A twentieth of what is learnt, from 2.4 nats to less than 0.5; a factor rounds by 1/500.
    #expect(runs[0].0 < 0.5 && abs(runs[0].0 - runs[1].0) < 0.1)
    #expect(runs[0].1 != runs[1].1)
  }

  @Test("A branch takes the steps of its trunk up to where it parts, and others after it")
  func branches() throws {
    let trunk = try TinyRun().trainer().finish()
    for step in [0, 1, 7] {
      let trainer = try TinyRun(branch: .init(step: step, seed: 9)).trainer()
      let steps = try trainer.finish()
      #expect(steps[..<step] == trunk[..<step])
      // The loss of a step is that of its windows before it, so it differs from the first one on.
      #expect(zip(steps[step...], trunk[step...]).allSatisfy { $0.loss != $1.loss })
      let again = try TinyRun(branch: .init(step: step, seed: 9), threads: 3).trainer()
      #expect(try again.finish() == steps && again.bits == trainer.bits)
    }
    let late = try TinyRun(branch: .init(step: 12, seed: 9)).trainer()
    #expect(try late.finish() == trunk)
  }

  @Test("Parts of a batch, accumulated, give the gradient of the whole")
  func accumulation() throws {
    let whole = try TinyRun(steps: 3, dropout: .none).trainer()
    let parts = try TinyRun(steps: 3, accumulation: 4, batch: 1, dropout: .none).trainer()
    for (whole, parts) in zip(try whole.finish(), try parts.finish()) {
      // Sums in binary32 in another order.
      #expect(abs(whole.loss - parts.loss) < 1e-5)
      #expect(abs(whole.gradientNorm - parts.gradientNorm) < 1e-4 * whole.gradientNorm)
    }
  }

  @Test(
    "A run that is kept and taken up again at any step ends with the same bits",
    arguments: Precision.allCases)
  func resuming(precision: Precision) throws {
    let (run, folder) = (TinyRun(precision: precision), try TemporaryFolder())
    let whole = try run.trainer()
    let expected = try whole.finish()
    for stop in [0, 1, 5, 7, 12] {
      let path = folder.path + "/run-\(stop).training"
      do {
        let trainer = try run.trainer()
        let kept = try TrainingFolder(path, run: "x", discardingOthers: false)
        for step in 0..<stop {
          kept.append(try trainer.advance())
          if trainer.isBest { try kept.saveBest(trainer) }
          if step + 1 == stop { try kept.save(trainer) }
        }
        if !trainer.isDone { kept.append(try trainer.advance()) }  // is lost
      }
      let trainer = try run.trainer()
      let kept = try TrainingFolder(path, run: "x", discardingOthers: false)
      try kept.restore(trainer)
      #expect(trainer.progress.step == stop)
      for step in try trainer.finish() { kept.append(step) }
      try kept.save(trainer)
      #expect(try kept.steps(12) == expected)
      #expect(trainer.bits == whole.bits)
      #expect(trainer.progress == whole.progress)
      kept.remove()
      #expect(!exists(path))
    }
  }

  @Test("What another run has kept is refused, or dropped when told to")
  func otherRun() throws {
    let (run, folder) = (TinyRun(), try TemporaryFolder())
    let path = folder.path + "/run.training"
    do {
      let trainer = try run.trainer()
      let kept = try TrainingFolder(path, run: "x", discardingOthers: false)
      kept.append(try trainer.advance())
      try kept.save(trainer)
    }
    #expect(throws: (any Error).self) {
      try TrainingFolder(path, run: "y", discardingOthers: false)
    }
    let trainer = try run.trainer()
    try TrainingFolder(path, run: "y", discardingOthers: true).restore(trainer)
    #expect(trainer.progress == TrainingProgress())
  }

  @Test("Without a new least loss a run ends, with the weights of the least one")
  func earlyStop() throws {
    let run = TinyRun(steps: 500, rate: 3, dropout: .none, validationInterval: 1, patience: 3)
    let (trainer, folder) = (try run.trainer(), try TemporaryFolder())
    let kept = try TrainingFolder(
      folder.path + "/run.training", run: "x", discardingOthers: false)
    var best: [UInt32] = []
    while !trainer.isDone {
      _ = try trainer.advance()
      guard trainer.isBest else { continue }
      try kept.saveBest(trainer)
      best = trainer.bits
    }
    let progress = trainer.progress
    #expect(progress.step < 500)
    #expect(progress.best?.step == progress.step - 3)
    try kept.restoreBest(trainer)
    #expect(trainer.bits == best)
  }

  @Test("A loss that is NaN ends the run before weights change")
  func nonfinite() throws {
    let trainer = try TinyRun().trainer()
    _ = try trainer.advance()
    trainer.parameters.elements.pointer[0] = .nan
    let before = trainer.bits
    #expect { try trainer.advance() } throws: { ($0 as? TrainingError)?.reason == .nonfinite }
    #expect(trainer.bits == before)
    #expect(trainer.progress.step == 1)
  }

  private func exists(_ path: String) -> Bool { fileNames(in: path) != nil }
}
