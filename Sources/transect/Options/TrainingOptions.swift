import ArgumentParser
import Models
import Training

/// What shapes a run of training, besides model and texts.
struct TrainingOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Steps to take.")
  var steps = 1000

  @Option(
    parsing: .unconditional,
    help: "Windows, or texts with classes, whose gradients are computed at once.")
  var batch = 8

  @Option(parsing: .unconditional, help: "Batches whose gradients make one step.")
  var accumulate = 1

  @Option(
    parsing: .unconditional,
    help: """
      Tokens that a window predicts, or that a text with a class has at most; the model's context if \
      not given.
      """)
  var length: Int?

  @Option(parsing: .unconditional, help: "The largest learning rate.")
  var lr = 5e-5

  @Option(help: "How the learning rate falls: cosine, linear or constant.")
  var schedule = LearningRateSchedule.Decay.cosine

  @Option(parsing: .unconditional, help: "Steps over which the learning rate grows to its largest.")
  var warmUp = 0

  @Option(
    parsing: .unconditional, help: "The learning rate of the last step, as a share of the largest.")
  var floor = 0.0

  @Option(
    parsing: .unconditional,
    help: "Share of each matrix, times the learning rate, that a step takes off.")
  var weightDecay = 0.01

  @Option(parsing: .unconditional, help: "How much of the gradients' means a step keeps.")
  var beta1 = 0.9

  @Option(parsing: .unconditional, help: "How much of the means of their squares.")
  var beta2 = 0.999

  @Option(parsing: .unconditional, help: "What is added to the root of the latter.")
  var epsilon = 1e-8

  @Option(
    parsing: .unconditional,
    help: "The largest norm of the gradient; a longer one is scaled down. 0 is none.")
  var clip = 1.0

  @Option(
    parsing: .unconditional,
    help: """
      Share of activations that is set to 0; if not given, what config.json says, such as \
      attn_pdrop, embd_pdrop and resid_pdrop of GPT-2 or hidden_dropout_prob of BERT, or else 0.1.
      """)
  var dropout: Double?

  @Option(
    parsing: .unconditional, help: "Of everything that is drawn at random. (default: 0)",
    transform: readSeed)
  var seed: UInt64 = 0

  @Option(
    help: """
      Draw windows and dropout of the steps after STEP by another seed, as 60:7. Runs that differ in \
      this alone take the same first steps, as for a study of instability.
      """)
  var branch: BranchArgument?

  @Option(
    parsing: .unconditional, help: "Steps from one measurement of the validation text to the next.")
  var validEvery = 100

  @Option(
    parsing: .unconditional,
    help: "End the run after so many measurements without a new least loss.")
  var patience: Int?

  @Option(
    help: """
      What factors of matrix products are rounded to: f32, or bf16 with sums in f32. Weights, \
      gradients and moments are f32.
      """)
  var precision = Precision.float32

  @Option(
    help: """
      Several values to try, as lr=1e-5,5e-5, batch=8,16 or steps=500,1000; may be repeated, for all \
      combinations. The run of the least validation loss is kept.
      """, transform: GridAxis.init)
  var grid: [GridAxis] = []

  func validate() throws {
    guard Set(grid.map(\.name)).count == grid.count else {
      throw ValidationError("--grid names a setting twice")
    }
    for variant in variants { try variant.validateNumbers() }
  }

  /// The options of each run of the grid, of which there is one at least; the last axis varies first.
  var variants: [TrainingOptions] {
    var alone = self
    alone.grid = []
    return grid.reduce([alone]) { variants, axis in
      variants.flatMap { variant in axis.values.map { axis.setting($0, in: variant) } }
    }
  }

  /// Products of three such numbers are still counted in 64 bits.
  private static let largestCount = 1 << 24

  private func validateNumbers() throws {
    let counts = [
      ("--steps", steps), ("--batch", batch), ("--accumulate", accumulate),
      ("--length", length ?? 1), ("--valid-every", validEvery), ("--patience", patience ?? 1),
    ]
    for (name, value) in counts {
      guard 1...TrainingOptions.largestCount ~= value else {
        throw ValidationError("\(name) must be from 1 to \(TrainingOptions.largestCount)")
      }
    }
    guard batch <= TrainingOptions.largestCount / accumulate else {
      throw ValidationError(
        "--batch times --accumulate must be at most \(TrainingOptions.largestCount)")
    }
    guard 0...steps ~= warmUp else {
      throw ValidationError("--warm-up must be from 0 to --steps, \(steps)")
    }
    let shares = [
      ("--dropout", dropout ?? 0), ("--beta1", beta1), ("--beta2", beta2),
    ]
    for (name, value) in shares {
      guard 0..<1 ~= value else { throw ValidationError("\(name) must be from 0 to less than 1") }
    }
    for (name, value) in [("--lr", lr), ("--epsilon", epsilon)] {
      guard value.isFinite, value > 0 else {
        throw ValidationError("\(name) must be positive and finite, not \(value)")
      }
    }
    guard 0...1 ~= floor else { throw ValidationError("--floor must be from 0 to 1") }
    guard weightDecay.isFinite, weightDecay >= 0, clip >= 0 else {
      throw ValidationError("--weight-decay and --clip must not be negative")
    }
  }

  /// The tokens that a window predicts.
  ///
  /// - Throws: `ValidationError` if they are more than the context.
  func length(for model: any TrainableModel) throws -> Int {
    let length = length ?? model.contextLength
    guard length <= model.contextLength else {
      throw ValidationError(
        "--length \(length) is longer than the model's context, \(model.contextLength)")
    }
    return length
  }

  /// The run.
  ///
  /// - Parameters:
  ///   - model: what is trained.
  ///   - settings: of the model.
  /// - Returns: what shapes it, besides model and texts.
  /// - Throws: `ModelError` if rates of dropout are no numbers from 0 to less than 1.
  func plan(_ model: any TrainableModel, _ settings: ModelSettings) throws -> TrainingPlan {
    try TrainingPlan(
      batch: batch, accumulation: accumulate,
      schedule: LearningRateSchedule(
        schedule, peak: lr, floor: floor * lr, warmUp: warmUp, steps: steps),
      optimizer: AdamW.Settings(
        betas: (beta1, beta2), epsilon: epsilon, weightDecay: weightDecay,
        gradientLimit: clip == 0 ? .infinity : clip),
      dropout: dropout.map { DropoutRates(all: $0) } ?? model.dropoutRates(settings), seed: seed,
      branch: branch?.branch, validationInterval: validEvery, patience: patience,
      precision: precision)
  }

  /// The options that shape a run, in a fixed order; those that were left to defaults too, lest a run
  /// go on with others.
  var recorded: [String] {
    var words = ["--steps", "\(steps)", "--batch", "\(batch)", "--accumulate", "\(accumulate)"]
    words += length.map { ["--length", "\($0)"] } ?? []
    words += ["--lr", "\(lr)", "--schedule", schedule.rawValue, "--warm-up", "\(warmUp)"]
    words += ["--floor", "\(floor)", "--weight-decay", "\(weightDecay)"]
    words += ["--beta1", "\(beta1)", "--beta2", "\(beta2)", "--epsilon", "\(epsilon)"]
    words += ["--clip", "\(clip)"] + (dropout.map { ["--dropout", "\($0)"] } ?? [])
    words += ["--seed", "\(seed)", "--valid-every", "\(validEvery)"]
    words += branch.map { ["--branch", "\($0.branch.step):\($0.branch.seed)"] } ?? []
    words += patience.map { ["--patience", "\($0)"] } ?? []
    words += precision == .float32 ? [] : ["--precision", precision.rawValue]
    return words + grid.flatMap { ["--grid", $0.text] }
  }
}

/// A setting of training, and the values to try.
struct GridAxis {
  enum Name: String, CaseIterable {
    case lr
    case batch
    case steps
  }

  let name: Name
  let values: [Double]
  /// As it was given.
  let text: String

  /// Reads an axis.
  ///
  /// - Parameter argument: as given on the command line.
  /// - Throws: `ValidationError` that says what is wrong with it.
  init(_ argument: String) throws {
    let parts = argument.split(separator: "=", maxSplits: 1)
    guard parts.count == 2, let name = Name(rawValue: String(parts[0])) else {
      let names = Name.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("one of \(names) is wanted, and values, as lr=1e-5,5e-5")
    }
    let values = parts[1].split(separator: ",", omittingEmptySubsequences: false).map { word in
      name == .lr ? Double(word) : Int(word).map(Double.init)
    }
    guard !values.contains(nil) else { throw ValidationError("a value is no number") }
    (self.name, self.values, text) = (name, values.compactMap(\.self), argument)
  }

  /// Options with another value of this setting.
  func setting(_ value: Double, in options: TrainingOptions) -> TrainingOptions {
    var options = options
    switch name {
    case .lr: options.lr = value
    case .batch: options.batch = Int(value)
    case .steps: options.steps = Int(value)
    }
    return options
  }
}

/// Where a run takes another seed, as 60:7: the last step that is shared, and the seed.
struct BranchArgument: ExpressibleByArgument {
  let branch: TrainingPlan.Branch

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let step = Int(parts[0]), step >= 0 else { return nil }
    guard let seed = try? readSeed(String(parts[1])) else { return nil }
    branch = .init(step: step, seed: seed)
  }
}

extension LearningRateSchedule.Decay: ExpressibleByArgument {}
