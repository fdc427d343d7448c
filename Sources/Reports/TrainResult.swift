import HDF5
import JSON
import Training

/// The steps of a run of training, for people and machines.
public struct TrainResult: Sendable {
  let steps: [TrainingStep]
  let plan: TrainingPlan
  let best: TrainingProgress.Validation?
  let pace: TrainingPace?

  /// Creates a result.
  ///
  /// - Parameters:
  ///   - steps: in order.
  ///   - plan: what shaped the run.
  ///   - best: the least validation loss, if there was a validation.
  ///   - pace: of the steps that were taken now, if any.
  public init(
    _ steps: [TrainingStep], plan: TrainingPlan, best: TrainingProgress.Validation?,
    pace: TrainingPace? = nil
  ) {
    (self.steps, self.plan, self.best, self.pace) = (steps, plan, best, pace)
  }

  /// Which of some runs has the least validation loss.
  ///
  /// - Parameter results: of each, at least one.
  /// - Returns: its position; the first of equals, and 0 if there was no validation.
  public static func best(of results: [TrainResult]) -> Int {
    func loss(_ index: Int) -> Double { results[index].best?.loss ?? .infinity }
    return results.indices.min { (loss($0), $0) < (loss($1), $1) } ?? 0
  }

  /// Whether a validation loss was measured, of which one is the least.
  public var hasValidation: Bool { best != nil }

  /// A row for each step.
  public var table: ReportTable {
    ReportTable(
      rowCount: steps.count,
      columns: [
        .init("step", .integer(steps.map(\.number))), .init("loss", .real(steps.map(\.loss))),
        .init("lr", .real(steps.map(\.rate))),
        .init("grad_norm", .real(steps.map(\.gradientNorm))),
        .init("val_loss", .real(steps.map { $0.validationLoss ?? .nan })),
      ] + accuracies)
  }

  /// Whether classes are told apart, rather than tokens predicted.
  private var hasClasses: Bool { steps.first?.accuracy != nil }

  /// What each step predicts.
  var targets: String { hasClasses ? "texts" : "tokens" }

  private var accuracies: [ReportTable.Column] {
    guard hasClasses else { return [] }
    return [
      .init("accuracy", .real(steps.map { $0.accuracy ?? .nan })),
      .init("val_accuracy", .real(steps.map { $0.validationAccuracy ?? .nan })),
    ]
  }

  /// A JSON object for each step.
  public var jsonLines: [String] {
    steps.map { step in
      jsonObject(
        [
          ("kind", jsonString("step")), ("step", "\(step.number)"), ("loss", "\(step.loss)"),
          ("lr", "\(step.rate)"), ("grad_norm", "\(step.gradientNorm)"),
          ("val_loss", step.validationLoss.map { "\($0)" } ?? "null"),
        ] + accuracies(of: step))
    }
  }

  private func accuracies(of step: TrainingStep) -> [(String, String)] {
    guard let accuracy = step.accuracy else { return [] }
    return [
      ("accuracy", "\(accuracy)"),
      ("val_accuracy", step.validationAccuracy.map { "\($0)" } ?? "null"),
    ]
  }

  /// What a person reads.
  public var lines: [String] {
    guard let first = steps.first, let last = steps.last else { return ["no step was taken"] }
    let unit = "nats per \(hasClasses ? "text" : "token")"
    let reach =
      "\(last.number) of \(plan.schedule.steps) steps: loss \(first.loss.brief) to "
      + "\(last.loss.brief) \(unit)"
    guard let best else { return [reach] }
    let accuracy = bestAccuracy.map { ", accuracy \($0.brief)" } ?? ""
    return [
      reach,
      "least validation loss \(best.loss.brief) \(unit)\(accuracy), after step \(best.step), whose "
        + "weights are kept",
    ]
  }

  /// The share of validation texts whose class was right where their loss was least.
  private var bestAccuracy: Double? {
    best.flatMap { best in steps.first { $0.number == best.step }?.validationAccuracy }
  }

  /// The group `/train` of a result file.
  ///
  /// - Throws: `HDF5Error` if a text cannot be stored.
  func group() throws -> ResultGroup {
    func along(
      _ name: String, _ longName: String, units: String = "1", _ value: (TrainingStep) -> Double
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: ["step"], .float64(steps.map(value)), longName: longName, units: units)
    }
    let of = hasClasses ? "text" : "token"
    let variables = try [
      ResultVariable(
        "step", dimensions: ["step"], .int64(steps.map { Int64($0.number) }),
        longName: "number of the step, from 1"),
      along(
        "loss", "mean negative log-likelihood per \(of) before the step", units: "nat", \.loss),
      along("lr", "learning rate", \.rate),
      along("grad_norm", "L2 norm of the gradient before clipping", \.gradientNorm),
      along(
        "val_loss", "mean negative log-likelihood per \(of) of the validation data after it",
        units: "nat"
      ) { $0.validationLoss ?? .nan },
    ]
    let accuracies =
      try hasClasses
      ? [
        along("accuracy", "share of texts whose class was right before the step") {
          $0.accuracy ?? .nan
        },
        along("val_accuracy", "share of validation texts whose class was right after it") {
          $0.validationAccuracy ?? .nan
        },
      ] : []
    return try ResultGroup("train", attributes: attributes, variables: variables + accuracies)
  }

  private var attributes: [ResultAttribute] {
    let (schedule, optimizer) = (plan.schedule, plan.optimizer)
    return [
      ResultAttribute("kind", .text("train")), ResultAttribute("NX_class", .text("NXdata")),
      ResultAttribute("signal", .text("loss")), ResultAttribute("axes", .texts(["step"])),
      ResultAttribute("optimizer", .text("AdamW")),
      ResultAttribute(
        "betas", .float64s([optimizer.betas.first, optimizer.betas.second])),
      ResultAttribute("epsilon", .float64(optimizer.epsilon)),
      ResultAttribute("weight_decay", .float64(optimizer.weightDecay)),
      ResultAttribute("gradient_limit", .float64(optimizer.gradientLimit)),
      ResultAttribute("schedule", .text(schedule.decay.rawValue)),
      ResultAttribute("warm_up", .int32(Int32(clamping: schedule.warmUp))),
      ResultAttribute("batch", .int32(Int32(clamping: plan.batch))),
      ResultAttribute("accumulation", .int32(Int32(clamping: plan.accumulation))),
      ResultAttribute(
        "dropout",
        .float64s([plan.dropout.embedding, plan.dropout.attention, plan.dropout.residual])),
      ResultAttribute("seed", .text("\(plan.seed)")),
      ResultAttribute("precision", .text(plan.precision.rawValue)),
    ]
      + (best.map {
        [
          ResultAttribute("best_step", .int32(Int32(clamping: $0.step))),
          ResultAttribute("best_val_loss", .float64($0.loss)),
        ]
      } ?? [])
  }
}
