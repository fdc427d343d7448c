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

  /// Shows a step that was taken.
  func advance(_ step: TrainingStep) {
    let (done, seconds) = (step.number - first, max(StatusLine.now() - start, 1e-9))
    let rate = Double(done * targetsPerStep) / seconds
    let left = seconds / Double(done) * Double(total - step.number)
    line.show(
      "step \(step.number) of \(total), loss \(step.loss.brief)"
        + (step.validationLoss.map { ", validation \($0.brief)" } ?? "")
        + ", \(Int(rate)) \(step.accuracy == nil ? "tokens" : "texts")/s, \(Int(left.rounded(.up))) s left"
    )
  }

  /// Clears the line.
  func end() { line.clear() }
}
