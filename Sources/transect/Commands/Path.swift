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

  @OptionGroup var ensemble: EnsembleOptions
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
        family: .init(
          checkpoints: path.checkpoints,
          combination: ensemble.combination(base: path.basePosition), language: language,
          resources: resources, output: output, command: command), scoring: scoring))
    let report = PathReport(
      path.line, checkpoints: run.labels, texts: run.texts, points: try points(run), seed: seed)
    try run.finish { try output.write { try result(report, run) } }
    try show(report, run)
  }

  private func points(_ run: SweepRun) throws -> [PathReport.Point] {
    var all = path.alphas
    var points = try run.points(at: all.map(path.path.coefficients))
    while let alpha = next(all, points) {
      points += try run.points(at: [path.path.coefficients(at: alpha)])
      all.append(alpha)
    }
    return zip(all, points).map { alpha, point in
      let norms = norms(of: point.coefficients, run.gram)
      return PathReport.Point(
        alpha: alpha, model: point, distances: (norms[0], norms[1]), norm: norms[2])
    }
  }

  /// ‖θ − A‖, ‖θ − B‖ and ‖θ‖.
  private func norms(of coefficients: [Double], _ gram: GramMatrix?) -> [Double] {
    guard let gram else { return [.nan, .nan, .nan] }
    return [
      gram.squaredDistance(ofCombination: coefficients, to: 0),
      gram.squaredDistance(ofCombination: coefficients, to: 1),
      gram.squaredNorm(ofCombination: coefficients),
    ].map { $0.squareRoot() }
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

  private func show(_ report: PathReport, _ run: SweepRun) throws {
    let header = [("line", jsonString(path.line.rawValue))]
    try printing.show(
      json: [jsonHeader("path", header + run.combination.jsonMembers(run.labels))]
        + jsonLines(report.table, kind: "point") + jsonLines(report.barrierTable, kind: "barrier"),
      csv: report.table,
      text: run.combination.lines(run.labels) + report.lines + [""]
        + TerminalTable(report.table).lines(width: TerminalTable.width))
  }

  private func result(_ report: PathReport, _ run: SweepRun) throws -> ResultFile {
    try output.resultFile(
      title: "Loss along an interpolation path", command: command, inputs: run.inputs,
      groups: report.groups(attributes: run.attributes))
  }

  private var command: String {
    output.command(
      "path",
      options: path.recorded(withPaths: output.recordPaths)
        + (adaptive.map { ["--adaptive", "\($0)"] } ?? []) + ["--seed", "\(seed)"]
        + ensemble.recorded
        + scoring.recorded(withPaths: output.recordPaths) + language.recorded)
  }
}
