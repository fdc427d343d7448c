import Checkpoints
import Reports
import Training

/// One run of training, of a grid maybe, and where it is kept until all are done.
struct TrainingRun {
  let source: TrainingSource
  let texts: TrainingTexts
  let plan: TrainingPlan
  /// Where it is kept.
  let folder: String
  /// What tells it from others.
  let identity: String
  let threads: Int
  /// Steps from one state that is kept to the next.
  let saveInterval: Int
  /// Whether what another run has kept in the folder goes.
  let discardsOthers: Bool
  /// Is given the run before its first step and after each, and writes what is wanted of it.
  let keep: (Trainer) throws -> Void
  /// Whether others go on, and one of them is kept, if the loss of this one is no number.
  let mayFail: Bool
  /// Is given what a user should know.
  let warn: (String) -> Void

  /// A run where it stopped, or at its beginning.
  struct Session {
    let trainer: Trainer
    let kept: TrainingFolder
  }

  /// Takes up the run where it stopped, or begins anew if what was kept is damaged.
  ///
  /// - Throws: `OutputError` if the folder is of another run or cannot be written; `CheckpointError`
  ///   or `ModelError` if weights cannot be read.
  func open() throws -> Session {
    let kept = try TrainingFolder(folder, run: identity, discardingOthers: discardsOthers)
    do { return try takeUp(kept) } catch let error as TrainingError where error.reason == .malformed
    {
      warn("what was kept of the run is damaged, and it begins anew: \(error)")
      kept.forget()
      return try takeUp(kept)
    }
  }

  private func takeUp(_ kept: TrainingFolder) throws -> Session {
    let trainer = Trainer(
      source.model, try source.parameters(seed: plan.seed, threads: threads), plan: plan,
      data: texts.training, validation: texts.validation, threads: threads)
    try source.checkpoint?.checkpoint.verifyUnchanged()
    try kept.restore(trainer)
    return Session(trainer: trainer, kept: kept)
  }

  /// Takes all steps that are left, and keeps where that leads.
  ///
  /// - Parameter session: as ``open()`` gives it.
  /// - Returns: what the run was like; without steps if it failed and may.
  /// - Throws: `TrainingError` if the loss is not finite; `OutputError` if nothing can be kept.
  func finish(_ session: Session) throws -> TrainResult {
    let (trainer, kept) = (session.trainer, session.kept)
    var pace: TrainingPace?
    if !trainer.isDone {
      do { pace = try takeSteps(session) } catch let error as TrainingError where mayFail {
        let (rate, batch) = (plan.schedule.peak, plan.batch)
        warn(
          "the run with lr \(rate), batch \(batch), \(plan.schedule.steps) steps is out: \(error)")
        return TrainResult([], plan: plan, best: nil)
      }
      try kept.save(trainer)
    }
    return TrainResult(
      try kept.steps(trainer.progress.step), plan: plan, best: trainer.progress.best, pace: pace)
  }

  private func takeSteps(_ session: Session) throws -> TrainingPace {
    let (trainer, kept) = (session.trainer, session.kept)
    let progress = TrainingProgressLine(trainer)
    defer { progress.end() }
    if trainer.progress.step == 0 { try keep(trainer) }
    while !trainer.isDone {
      let step = try advance(session)
      kept.append(step)
      try keep(trainer)
      if trainer.isBest { try kept.saveBest(trainer) }
      if step.number % saveInterval == 0 { try kept.save(trainer) }
      progress.advance(step)
    }
    return progress.pace(at: trainer.progress.step)
  }

  private func advance(_ session: Session) throws -> TrainingStep {
    do {
      return try session.trainer.advance()
    } catch let error as TrainingError where error.reason == .nonfinite {
      let state =
        session.kept.keptStep.map { "the state after step \($0) is kept in \(folder)" }
        ?? "no state is kept"
      if session.kept.keptStep == nil { session.kept.remove() }
      throw TrainingError(.nonfinite, in: error.path, "\(error.detail); \(state)")
    }
  }
}
