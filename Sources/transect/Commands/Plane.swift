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
        pointCount: places.count))
    run.warnings.forEach(printing.warn)
    let places = self.places
    let plane = InterpolationPlane(origin: 0, plus: 1, minus: 2, of: 3)
    let points = try run.points(
      at: places.map { plane.coefficients(plus: $0.plus, minus: $0.minus) })
    let report = PlaneReport(
      checkpoints: run.labels, texts: run.texts, grid: (x.values, y.values),
      points: zip(places, points).map { .init(plus: $0.plus, minus: $0.minus, model: $1) },
      written: try run.scored(
        zip(places, points).map { ([$0.plus, $0.minus], $1) }, along: ["w_plus", "w_minus"],
        formula: "C + x (B - C) + y (A - C)"),
      axes: .init(run.gram, origin: 0, plus: 1, minus: 2))
    try run.finish { try output.write { try result(report, run) } }
    try show(report, run)
  }

  /// The grid, the corners and both lines as far as the grid's rows reach, no place twice.
  private var places: [(plus: Double, minus: Double)] {
    let grid = y.values.flatMap { y in x.values.map { (plus: $0, minus: y) } }
    let rows = (y.values.first ?? 0)...(y.values.last ?? 0)
    let lines = x.values.flatMap { [(plus: $0, minus: 1 - $0), (plus: $0, minus: -$0)] }
      .filter { rows.contains($0.minus) }
    var seen: Set<[Double]> = []
    return (grid + [(0, 0), (1, 0), (0, 1)] + lines).filter {
      seen.insert([$0.plus, $0.minus]).inserted
    }
  }

  private func show(_ report: PlaneReport, _ run: SweepRun) throws {
    try printing.show(
      json: [
        jsonHeader("plane", run.combination.jsonMembers(run.labels) + writing.jsonMembers)
      ]
        + jsonLines(report.table, kind: "point") + report.sampleLines, csv: report.table,
      text: run.combination.lines(run.labels, ofText: writing.generate != nil) + report.lines)
  }

  private func result(_ report: PlaneReport, _ run: SweepRun) throws -> ResultFile {
    try output.resultFile(
      title: "\(writing.subject) on a plane of checkpoints", command: command, inputs: run.inputs,
      groups: report.groups(attributes: run.attributes))
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
