import Models

/// What shapes a run of training, besides model and texts.
public struct TrainingPlan: Hashable, Sendable {
  /// Where a run leaves others that begin as it does.
  public struct Branch: Hashable, Sendable {
    /// The last step that is shared; 0 if none is.
    public let step: Int
    /// Of the order of windows and of dropout after it.
    public let seed: UInt64

    /// Describes a branch.
    ///
    /// - Parameters:
    ///   - step: the last step that is shared, not negative.
    ///   - seed: of what is drawn after it.
    public init(step: Int, seed: UInt64) {
      precondition(step >= 0)
      (self.step, self.seed) = (step, seed)
    }
  }

  /// Windows whose gradients are computed at once.
  public let batch: Int
  /// Batches whose gradients make one step.
  public let accumulation: Int
  /// The learning rate of each step, and how many there are.
  public let schedule: LearningRateSchedule
  /// What shapes a step besides.
  public let optimizer: AdamW.Settings
  /// How much of the activations is set to 0.
  public let dropout: DropoutRates
  /// Of all random numbers.
  public let seed: UInt64
  /// From where on another seed draws windows and dropout, if any does.
  public let branch: Branch?
  /// Steps from one validation to the next; there is one at the last step too.
  public let validationInterval: Int
  /// How many validations without a new least loss end the run, if any.
  public let patience: Int?
  /// What factors of matrix products are rounded to, those of validation too.
  public let precision: Precision

  /// Describes a run.
  ///
  /// - Parameters:
  ///   - batch: windows whose gradients are computed at once, at least 1.
  ///   - accumulation: batches whose gradients make one step, at least 1.
  ///   - schedule: the learning rate of each step, and how many there are.
  ///   - optimizer: what shapes a step besides.
  ///   - dropout: how much of the activations is set to 0.
  ///   - seed: of all random numbers.
  ///   - branch: from where on another seed draws windows and dropout, if any does.
  ///   - validationInterval: steps from one validation to the next, at least 1.
  ///   - patience: how many validations without a new least loss end the run, if any, at least 1.
  ///   - precision: what factors of matrix products are rounded to.
  public init(
    batch: Int, accumulation: Int = 1, schedule: LearningRateSchedule,
    optimizer: AdamW.Settings = .init(), dropout: DropoutRates = .none, seed: UInt64,
    branch: Branch? = nil, validationInterval: Int = .max, patience: Int? = nil,
    precision: Precision = .float32
  ) {
    precondition(batch >= 1 && accumulation >= 1 && validationInterval >= 1)
    precondition(patience.map { $0 >= 1 } ?? true)
    (self.batch, self.accumulation, self.schedule) = (batch, accumulation, schedule)
    (self.optimizer, self.dropout, self.seed) = (optimizer, dropout, seed)
    self.branch = branch
    (self.validationInterval, self.patience) = (validationInterval, patience)
    self.precision = precision
  }

  /// The seed of what a step draws.
  ///
  /// - Parameter step: from 1.
  /// - Returns: the seed of the run, or that of the branch after it.
  func seed(at step: Int) -> UInt64 { branch.flatMap { step > $0.step ? $0.seed : nil } ?? seed }

  /// Windows in the order of the run, given their order without a branch.
  func ordered(_ data: any TrainingData) -> any TrainingData {
    guard let branch else { return data }
    return BranchedData(
      data, reorderedBy: branch.seed, from: branch.step * batch * accumulation)
  }
}

/// One step of training.
public struct TrainingStep: Hashable, Sendable {
  /// Its number, from 1.
  public let number: Int
  /// The mean negative log-likelihood of its tokens, or classes, before it was taken, in nats.
  public let loss: Double
  /// The share of its texts whose class had the largest logit, before it was taken; `nil` where
  /// tokens are predicted.
  public let accuracy: Double?
  /// The learning rate.
  public let rate: Double
  /// The norm of the gradient before it was clipped.
  public let gradientNorm: Double
  /// The mean negative log-likelihood of the validation text after it, if it was taken, in nats.
  public let validationLoss: Double?
  /// The share of its texts whose class had the largest logit, where there are classes.
  public let validationAccuracy: Double?

  /// Describes a step.
  ///
  /// - Parameters:
  ///   - number: from 1.
  ///   - loss: before it was taken, in nats per token or text.
  ///   - accuracy: before it was taken, where there are classes.
  ///   - rate: the learning rate.
  ///   - gradientNorm: before it was clipped.
  ///   - validationLoss: after it, in nats per token or text.
  ///   - validationAccuracy: after it, where there are classes.
  public init(
    number: Int, loss: Double, accuracy: Double? = nil, rate: Double, gradientNorm: Double,
    validationLoss: Double?, validationAccuracy: Double? = nil
  ) {
    (self.number, self.loss, self.accuracy, self.rate) = (number, loss, accuracy, rate)
    (self.gradientNorm, self.validationLoss) = (gradientNorm, validationLoss)
    self.validationAccuracy = validationAccuracy
  }
}

/// Where a run is, besides weights and moments.
public struct TrainingProgress: Hashable, Sendable {
  /// A validation.
  public struct Validation: Hashable, Sendable {
    /// The step after which it was.
    public let step: Int
    /// The mean negative log-likelihood, in nats per token.
    public let loss: Double

    /// Describes a validation.
    ///
    /// - Parameters:
    ///   - step: the step after which it was.
    ///   - loss: in nats per token.
    public init(step: Int, loss: Double) { (self.step, self.loss) = (step, loss) }
  }

  /// Steps taken.
  public var step: Int
  /// The least validation loss so far.
  public var best: Validation?
  /// Validations since.
  public var validationsSinceBest: Int

  /// Describes a place in a run; without arguments its beginning.
  ///
  /// - Parameters:
  ///   - step: steps taken.
  ///   - best: the least validation loss so far.
  ///   - validationsSinceBest: validations since.
  public init(step: Int = 0, best: Validation? = nil, validationsSinceBest: Int = 0) {
    (self.step, self.best) = (step, best)
    self.validationsSinceBest = validationsSinceBest
  }
}

/// Trains a model on windows of tokens, step by step.
///
/// The same plan, weights and data give the same bits for any number of threads, also if weights,
/// moments and progress are taken out after some step and a new trainer goes on with them.
public final class Trainer {
  /// What shapes the run.
  public let plan: TrainingPlan
  /// The weights, changed by each step.
  public let parameters: ModelParameters
  /// The moments of gradients.
  public let optimizer: AdamW
  /// Where the run is.
  public private(set) var progress = TrainingProgress()

  private var data: any TrainingData
  private let validation: [ScoredTokens]
  private let gradient: ModelParameters
  private let loss: any TrainingLoss

  /// Begins a run.
  ///
  /// - Parameters:
  ///   - model: what is trained.
  ///   - parameters: the weights to begin with.
  ///   - plan: what shapes the run.
  ///   - data: what to train on.
  ///   - validation: what to measure between steps, if anything.
  ///   - threads: how many work at once, at least 1.
  public init(
    _ model: any TrainableModel, _ parameters: ModelParameters, plan: TrainingPlan,
    data: any TrainingData, validation: (any TrainingData)?, threads: Int
  ) {
    (self.parameters, self.plan, self.data) = (parameters, plan, plan.ordered(data))
    self.validation = validation?.allWindows() ?? []
    gradient = ModelParameters(like: parameters)
    optimizer = AdamW(parameters, settings: plan.optimizer, threads: threads)
    loss = model.loss(parameters, threads: threads, precision: plan.precision)
  }

  /// Goes on from a place of the same run; someone has filled in its weights and moments.
  ///
  /// - Parameter progress: the place.
  public func resume(at progress: TrainingProgress) {
    self.progress = progress
    optimizer.resume(after: progress.step)
  }

  /// Tokens or classes that one step predicts.
  public var targetsPerStep: Int { plan.batch * plan.accumulation * data.targetsPerWindow }

  /// Whether all steps are taken, or validation has ended the run.
  public var isDone: Bool {
    progress.step >= plan.schedule.steps
      || plan.patience.map { progress.validationsSinceBest >= $0 } ?? false
  }

  /// Whether the weights are those of the least validation loss so far, which the last step made.
  public var isBest: Bool { progress.best?.step == progress.step }

  /// Takes a step.
  ///
  /// - Returns: what it was like.
  /// - Throws: ``TrainingError`` if the loss or its gradient is NaN or infinite, before weights have
  ///   changed, or the validation loss is; `ModelError` if a window does not fit the
  ///   model.
  public func advance() throws -> TrainingStep {
    let number = progress.step + 1
    let found = try differentiate(number)
    let norm = optimizer.norm(of: gradient)
    try requireFinite(found.mean, "loss", number)
    try requireFinite(norm, "norm of the gradient", number)
    let rate = plan.schedule.rate(at: number)
    optimizer.step(along: gradient, norm: norm, rate: rate)
    progress.step = number
    let validation = try validate()
    return TrainingStep(
      number: number, loss: found.mean, accuracy: found.accuracy, rate: rate, gradientNorm: norm,
      validationLoss: validation?.mean, validationAccuracy: validation?.accuracy)
  }

  /// The memory that a run takes: 16 bytes for each parameter, and the activations of a batch.
  ///
  /// - Parameters:
  ///   - model: what is trained.
  ///   - positions: tokens of a batch.
  /// - Returns: bytes.
  public static func byteCount(_ model: any TrainableModel, positions: Int) -> Int {
    let count = model.tensors.reduce(0) { $0 + $1.extents.reduce(1, *) }
    return 16 * count + model.lossByteCount(positions: positions)
  }

  /// Leaves the gradient of the mean loss over a step's windows, and returns what they lose.
  private func differentiate(_ number: Int) throws -> LossSum {
    gradient.clear()
    var sum = LossSum()
    for part in 0..<plan.accumulation {
      let batch = (number - 1) * plan.accumulation + part
      sum.add(
        try loss.addGradient(
          of: data.windows(batch * plan.batch..<(batch + 1) * plan.batch),
          scale: 1 / Double(targetsPerStep), dropout: plan.dropout,
          seed: DropoutSeed(seed: plan.seed(at: number), step: UInt64(batch)), to: gradient))
    }
    return sum
  }

  /// Measures the validation data, if it is its turn.
  private func validate() throws -> LossSum? {
    let step = progress.step
    let isDue = step % plan.validationInterval == 0 || step == plan.schedule.steps
    guard isDue, !validation.isEmpty else { return nil }
    var sum = LossSum()
    for first in stride(from: 0, to: validation.count, by: plan.batch) {
      sum.add(
        try loss.losses(
          of: Array(validation[first..<min(first + plan.batch, validation.count)])))
    }
    try requireFinite(sum.mean, "loss of the validation text", step)
    note(sum.mean)
    return sum
  }

  private func note(_ loss: Double) {
    if progress.best.map({ loss < $0.loss }) ?? true {
      progress.best = .init(step: progress.step, loss: loss)
      progress.validationsSinceBest = 0
    } else {
      progress.validationsSinceBest += 1
    }
  }

  private func requireFinite(_ value: Double, _ what: String, _ step: Int) throws {
    guard !value.isFinite else { return }
    throw TrainingError(
      .nonfinite, in: "step \(step)", "the \(what) is \(value.isNaN ? "nan" : "\(value)")")
  }
}

/// What some tokens or classes lose together.
private struct LossSum {
  private var nats = 0.0
  private var count = 0
  private var hits: Int?

  /// Nats per token or class.
  var mean: Double { nats / Double(count) }
  /// The share of classes that have the largest logit, where there are classes.
  var accuracy: Double? { hits.map { Double($0) / Double(count) } }

  mutating func add(_ losses: TokenLosses) {
    nats = losses.nats.reduce(nats) { $0 + Double($1) }
    count += losses.nats.count
    if let found = losses.hits { hits = (hits ?? 0) + found.count { $0 } }
  }
}
