import Reports
import Training

/// How far a run of training is, on standard error, where that is a terminal.
final class TrainingProgressLine {
  private let line = StatusLine()
  private let total: Int
  private let first: Int
  private let targetsPerStep: Int
  private let start = StatusLine.now()

  /// Begins to count.
  ///
  /// - Parameter trainer: at its first step, or resumed at a later one.
  init(_ trainer: Trainer) {
    (total, first) = (trainer.plan.schedule.steps, trainer.progress.step)
    targetsPerStep = trainer.targetsPerStep
  }

  /// How fast steps have been taken up to one of them.
  func pace(at step: Int) -> TrainingPace {
    TrainingPace(
      steps: step - first, targets: (step - first) * targetsPerStep,
      seconds: StatusLine.now() - start)
  }

  /// Shows a step that was taken.
  func advance(_ step: TrainingStep) {
    let pace = pace(at: step.number)
    let left = pace.seconds / Double(pace.steps) * Double(total - step.number)
    line.show(
      "step \(step.number) of \(total), loss \(step.loss.brief)"
        + (step.validationLoss.map { ", validation \($0.brief)" } ?? "")
        + ", \(Int(pace.rate)) \(step.accuracy == nil ? "tokens" : "texts")/s, \(Int(pace.seconds)) s, "
        + "\(Int(left.rounded(.up))) s left"
    )
  }

  /// Clears the line.
  func end() { line.clear() }
}
