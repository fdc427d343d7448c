import HDF5
import JSON

/// The runs of a grid of settings, of which one is kept; or a single run.
public struct TrainReport: Sendable {
  private let runs: [TrainResult]
  private let best: Int

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - runs: in their order, at least one.
  ///   - best: which one is kept.
  public init(_ runs: [TrainResult], best: Int) {
    precondition(runs.indices.contains(best))
    (self.runs, self.best) = (runs, best)
  }

  /// A row for each step of the run that is kept.
  public var table: ReportTable { runs[best].table }

  /// The pace of all steps that were taken now, if any.
  private var pace: TrainingPace? {
    let paces = runs.compactMap(\.pace)
    return paces.isEmpty
      ? nil : paces.reduce(TrainingPace(steps: 0, targets: 0, seconds: 0)) { $0.adding($1) }
  }

  /// A JSON object for each run of a grid, for each step of the one that is kept, and for the pace of
  /// the steps that were taken now.
  public var jsonLines: [String] {
    let rows =
      runs.count == 1
      ? []
      : runs.enumerated().map { index, run in
        jsonObject([
          ("kind", jsonString("run")), ("run", "\(index + 1)"),
          ("lr", "\(run.plan.schedule.peak)"), ("batch", "\(run.plan.batch)"),
          ("steps", "\(run.plan.schedule.steps)"),
          ("best_val_loss", run.best.map { "\($0.loss)" } ?? "null"),
          ("best_step", run.best.map { "\($0.step)" } ?? "null"),
          ("is_kept", index == best ? "true" : "false"),
        ])
      }
    return rows + runs[best].jsonLines + (pace.map { [$0.json(runs[best].targets)] } ?? [])
  }

  /// What a person reads.
  public var lines: [String] {
    outcome + (pace.map { [$0.line(runs[best].targets)] } ?? [])
  }

  private var outcome: [String] {
    guard runs.count > 1 else { return runs[best].lines }
    let table = ReportTable(
      rowCount: runs.count,
      columns: [
        .init("run", heading: "run", .integer(runs.indices.map { $0 + 1 })),
        .init("lr", heading: "lr", .real(runs.map(\.plan.schedule.peak))),
        .init("batch", heading: "batch", .integer(runs.map(\.plan.batch))),
        .init("steps", heading: "steps", .integer(runs.map(\.plan.schedule.steps))),
        .init(
          "best_val_loss", heading: "validation loss",
          .real(runs.map { $0.best?.loss ?? .nan })),
        .init("best_step", heading: "at step", .integer(runs.map { $0.best?.step ?? 0 })),
      ])
    return TerminalTable(table).lines(width: TerminalTable.width)
      + ["", "run \(best + 1) is kept"] + runs[best].lines
  }

  /// The groups `/train` and, for a grid, `/train_grid` of a result file.
  ///
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups() throws -> [ResultGroup] {
    let steps = try runs[best].group()
    return try runs.count == 1 ? [steps] : [steps, grid()]
  }

  private func grid() throws -> ResultGroup {
    func along(
      _ name: String, _ longName: String, units: String = "1", _ value: (TrainResult) -> Double
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: ["run"], .float64(runs.map(value)), longName: longName, units: units)
    }
    func count(
      _ name: String, _ longName: String, _ value: (TrainResult) -> Int
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: ["run"], .int64(runs.map { Int64(value($0)) }), longName: longName)
    }
    return try ResultGroup(
      "train_grid",
      attributes: [
        ResultAttribute("kind", .text("train")),
        ResultAttribute("kept_run", .int32(Int32(clamping: best + 1))),
      ],
      variables: [
        ResultVariable(
          "run", dimensions: ["run"], .int64(runs.indices.map { Int64($0 + 1) }),
          longName: "number of the run, from 1"),
        along("lr", "largest learning rate", \.plan.schedule.peak),
        count("batch", "windows of a batch", \.plan.batch),
        count("n_steps", "steps", \.plan.schedule.steps),
        along("best_val_loss", "least validation loss", units: "nat") { $0.best?.loss ?? .nan },
        count("best_step", "step after which it was", { $0.best?.step ?? 0 }),
      ])
  }
}
