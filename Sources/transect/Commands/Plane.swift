import ArgumentParser
import Checkpoints
import Evaluation
import Geometry
import HDF5
import JSON
import Reports

/// `transect plane`: losses, and what is written, on the plane through three checkpoints.
struct Plane: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Loss and perplexity of GPT-2 on the plane through three checkpoints.",
    discussion: """
      Evaluates C + x (B - C) + y (A - C) on a grid of x, the coefficient of the plus model B, and \
      y, that of the minus model A; besides, the three checkpoints themselves, and at the grid's x \
      the lines A + x (B - A), where x + y = 1, and C + x (B - A), where x + y = 0. With --generate \
      texts are written after prompts at each of them, and scored as `score` does; without --text \
      there are only these.

      With -o finished points are kept in FILE.h5.journal until the result is written: the same \
      command goes on where it was stopped.
      """)

  @Option(help: "Checkpoint C, the origin.")
  var base: String

  @Option(help: "Checkpoint B.")
  var plus: String

  @Option(help: "Checkpoint A.")
  var minus: String

  @Option(
    parsing: .unconditional, help: "Coefficients of B: START:STOP:COUNT with both ends, or a list.",
    transform: PointList.init)
  var x: PointList

  @Option(
    parsing: .unconditional, help: "Coefficients of A: START:STOP:COUNT with both ends, or a list.",
    transform: PointList.init)
  var y: PointList

  @OptionGroup var ensemble: EnsembleOptions
  @OptionGroup var scoring: ScoringOptions
  @OptionGroup var writing: WritingOptions
  @OptionGroup var language: LanguageModelOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var sharding: ShardOptions

  private static let mostPoints = 1_000_000

  func validate() throws {
    let count = x.values.count.multipliedReportingOverflow(by: y.values.count)
    guard !count.overflow, count.partialValue <= Plane.mostPoints else {
      throw ValidationError("a grid may have \(Plane.mostPoints) points")
    }
    try writing.requireWork(beside: scoring)
  }

  func run() throws {
    let run = try SweepRun(
      .init(
        family: .init(
          checkpoints: [(base, "base"), (plus, "b"), (minus, "a")],
          combination: ensemble.combination(base: 0), language: language, resources: resources,
          output: output, command: command), scoring: scoring, writing: writing,
        sharding: sharding, printing: printing,
        pointCount: PlaneReport.places(of: (x.values, y.values)).count))
    run.warnings.forEach(printing.warn)
    if sharding.dryRun {
      return try run.estimate(at: run.plan(places).coefficients).show(printing)
    }
    if let shard = run.shard { return try run.finish(shard, of: places) { whole($0, run) } }
    let plan = run.plan(places)
    let points = try run.points(at: plan.coefficients)
    guard let report = plan.planeReport(points, written: try run.scored(points, plan)) else {
      return
    }
    try run.finish { try output.write { try result(report, plan, run) } }
    try show(report, run)
  }

  private var places: SweepPlan.Places { .plane(x: x.values, y: y.values) }

  private func show(_ report: PlaneReport, _ run: SweepRun) throws {
    try printing.show(
      json: [
        jsonHeader("plane", run.combination.jsonMembers(run.labels) + writing.jsonMembers)
      ]
        + jsonLines(report.table, kind: "point") + report.sampleLines, csv: report.table,
      text: run.combination.lines(run.labels, ofText: writing.generate != nil) + report.lines)
  }

  private func result(
    _ report: PlaneReport, _ plan: SweepPlan, _ run: SweepRun
  ) throws -> ResultFile {
    try output.resultFile(
      whole(.sweep(plan), run), groups: report.groups(attributes: plan.attributes))
  }

  private func whole(_ content: RunPlan.Content, _ run: SweepRun) -> RunPlan {
    output.plan(
      title: "\(writing.subject) on a plane of checkpoints", command: command,
      inputs: run.inputs, content)
  }

  private var command: String {
    output.command(
      "plane", base: base,
      options: ["--plus", output.recorded(plus), "--minus", output.recorded(minus)]
        + ["--x", x.text, "--y", y.text] + ensemble.recorded
        + scoring.recorded(withPaths: output.recordPaths)
        + writing.recorded(withPaths: output.recordPaths) + language.recorded)
  }
}
