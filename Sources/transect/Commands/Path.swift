import ArgumentParser
import Checkpoints
import Evaluation
import Geometry
import HDF5
import JSON
import Reports

/// `transect path`: losses, and what is written, along the line between two checkpoints.
struct Path: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Loss and perplexity of GPT-2 along the line between two checkpoints, and the barrier.",
    discussion: """
      Evaluates A + alpha (B - A), or with --base C and --line beta C + beta (B - A), on texts, \
      without writing a merged checkpoint. Alpha 0 is A and 1 is B; both are always evaluated, and \
      points beyond them are no part of a barrier. With --generate texts are written after prompts \
      at each point, and scored as `score` does; without --text there are only these.

      Losses are nats per token over all documents; standard errors and intervals take documents \
      as independent. --csv prints points only; barriers are in the text and in --json. With \
      -o finished points are kept in FILE.h5.journal until the result is written: the same command goes on where it was stopped.
      """)

  @OptionGroup var path: PathOptions

  @Option(
    parsing: .unconditional,
    help: "Add points until the barrier is known to so many nats per token.")
  var adaptive: Double?

  @OptionGroup var ensemble: EnsembleOptions
  @OptionGroup var scoring: ScoringOptions
  @OptionGroup var writing: WritingOptions
  @OptionGroup var language: LanguageModelOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var sharding: ShardOptions

  func validate() throws {
    guard adaptive.map({ $0 > 0 }) ?? true else {
      throw ValidationError("--adaptive must be positive")
    }
    guard adaptive == nil || !scoring.texts.isEmpty else {
      throw ValidationError("--adaptive looks at losses; name a text with --text")
    }
    if adaptive != nil, case .part? = sharding.shard {
      throw ValidationError("--adaptive chooses points by others, which shards do not have")
    }
    try writing.requireWork(beside: scoring)
  }

  func run() throws {
    let run = try SweepRun(
      .init(
        family: .init(
          checkpoints: path.checkpoints,
          combination: ensemble.combination(base: path.basePosition), language: language,
          resources: resources, output: output, command: command), scoring: scoring,
        writing: writing, sharding: sharding, printing: printing,
        pointCount: path.alphas.count))
    run.warnings.forEach(printing.warn)
    if sharding.dryRun {
      return try run.estimate(at: path.alphas.map(path.line.path.coefficients)).show(printing)
    }
    if let shard = run.shard {
      return try run.finish(shard, of: places(path.alphas)) { whole($0, run) }
    }
    let (alphas, points) = try points(run)
    let plan = run.plan(places(alphas))
    guard let report = plan.pathReport(points, written: try run.scored(points, plan)) else {
      return
    }
    try run.finish { try output.write { try result(report, plan, run) } }
    try show(report, run)
  }

  /// The points, ascending.
  private func points(_ run: SweepRun) throws -> ([Double], [SweepPoint]) {
    var all = path.alphas
    var points = try run.points(at: all.map(path.line.path.coefficients))
    while let alpha = next(all, points) {
      points += try run.points(at: [path.line.path.coefficients(at: alpha)])
      all.append(alpha)
    }
    let order = all.indices.sorted { all[$0] < all[$1] }
    return (order.map { all[$0] }, order.map { points[$0] })
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
      json: [
        jsonHeader(
          "path", header + run.combination.jsonMembers(run.labels) + writing.jsonMembers)
      ]
        + jsonLines(report.table, kind: "point") + jsonLines(report.barrierTable, kind: "barrier")
        + report.sampleLines,
      csv: report.table,
      text: run.combination.lines(run.labels, ofText: writing.generate != nil) + report.lines)
  }

  private func places(_ alphas: [Double]) -> SweepPlan.Places {
    .path(path.line, alphas, seed: writing.generation.sampling.seed)
  }

  private func result(
    _ report: PathReport, _ plan: SweepPlan, _ run: SweepRun
  ) throws -> ResultFile {
    try output.resultFile(
      whole(.sweep(plan), run), groups: report.groups(attributes: plan.attributes))
  }

  private func whole(_ content: RunPlan.Content, _ run: SweepRun) -> RunPlan {
    output.plan(
      title: "\(writing.subject) along an interpolation path", command: command,
      inputs: run.inputs, content)
  }

  private var command: String {
    output.command(
      "path",
      options: path.recorded(withPaths: output.recordPaths)
        + (adaptive.map { ["--adaptive", "\($0)"] } ?? []) + seed
        + ensemble.recorded
        + scoring.recorded(withPaths: output.recordPaths)
        + writing.recorded(withPaths: output.recordPaths) + language.recorded)
  }

  /// The seed as it is recorded where texts, of which it is too, do not record it.
  private var seed: [String] {
    writing.generate == nil ? ["--seed", "\(writing.generation.sampling.seed)"] : []
  }
}
