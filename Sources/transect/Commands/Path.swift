import ArgumentParser
import Checkpoints
import Evaluation
import Geometry
import HDF5
import JSON
import Reports

/// `transect path`: the loss along the line between two checkpoints.
struct Path: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Loss and perplexity of GPT-2 along the line between two checkpoints, and the barrier.",
    discussion: """
      Evaluates A + alpha (B - A), or with --base C and --line beta C + beta (B - A), on texts, \
      without writing a merged checkpoint. Alpha 0 is A and 1 is B; both are always evaluated, and \
      points beyond them are no part of a barrier.

      Losses are nats per token over all documents; standard errors and intervals take documents \
      as independent. --csv prints points only; barriers are in the text and in --json. With \
      -o finished points are kept in FILE.h5.journal until the result is written: the same command goes on where it was stopped.
      """)

  @OptionGroup var path: PathOptions

  @Option(help: "Add points until the barrier is known to so many nats per token.")
  var adaptive: Double?

  @Option(help: "Seed of the draws for intervals.")
  var seed: UInt64 = 0

  @OptionGroup var scoring: ScoringOptions
  @OptionGroup var language: LanguageModelOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard adaptive.map({ $0 > 0 }) ?? true else {
      throw ValidationError("--adaptive must be positive")
    }
  }

  func run() throws {
    let run = try SweepRun(
      .init(
        checkpoints: path.checkpoints, language: language, scoring: scoring, resources: resources,
        output: output, command: command))
    let report = PathReport(
      path.line, checkpoints: run.labels, texts: run.texts, points: try points(run), seed: seed)
    try run.finish { try output.write { try result(report, run) } }
    try show(report)
  }

  private func points(_ run: SweepRun) throws -> [PathReport.Point] {
    var all = path.alphas
    var points = try run.points(at: all.map(path.path.coefficients))
    while let alpha = next(all, points) {
      points += try run.points(at: [path.path.coefficients(at: alpha)])
      all.append(alpha)
    }
    return zip(all, points).map { alpha, point in
      func distance(to member: Int) -> Double {
        run.gram.squaredDistance(ofCombination: point.coefficients, to: member).squareRoot()
      }
      return PathReport.Point(
        alpha: alpha, model: point, distances: (distance(to: 0), distance(to: 1)),
        norm: run.gram.squaredNorm(ofCombination: point.coefficients).squareRoot())
    }
  }

  /// Where `--adaptive` wants to look next, for the text that is least known.
  private func next(_ alphas: [Double], _ points: [SweepPoint]) -> Double? {
    guard let adaptive, let texts = points.first?.losses.indices else { return nil }
    let rule = CurveRefinement(tolerance: adaptive)
    return texts.lazy.compactMap { text in
      rule.next(
        for: LossCurve(
          zip(alphas, points).map { .init(alpha: $0, loss: $1.losses[text].mean) }))
    }.first
  }

  private func show(_ report: PathReport) throws {
    try printing.show(
      json: [jsonHeader("path", [("line", jsonString(path.line.rawValue))])]
        + jsonLines(report.table, kind: "point") + jsonLines(report.barrierTable, kind: "barrier"),
      csv: report.table,
      text: report.lines + [""] + TerminalTable(report.table).lines(width: TerminalTable.width))
  }

  private func result(_ report: PathReport, _ run: SweepRun) throws -> ResultFile {
    try output.resultFile(
      title: "Loss along an interpolation path", command: command, inputs: run.inputs,
      groups: report.groups(attributes: run.windows))
  }

  private var command: String {
    output.command(
      "path",
      options: path.recorded(withPaths: output.recordPaths)
        + (adaptive.map { ["--adaptive", "\($0)"] } ?? []) + ["--seed", "\(seed)"]
        + scoring.recorded(withPaths: output.recordPaths) + language.recorded)
  }
}
