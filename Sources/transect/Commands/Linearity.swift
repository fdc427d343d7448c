import ArgumentParser
import Checkpoints
import Evaluation
import Geometry
import HDF5
import JSON
import Reports

/// `transect linearity`: how far models along a line are what their first-order expansion says.
struct Linearity: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "How linear GPT-2 is along the line between two checkpoints.",
    discussion: """
      Takes the exact derivative of logits and loss along the line at each anchor, and compares \
      what logits expanded to first order give with the models on the line; beside it, the ensemble \
      of the ends' logits. Where all agree, adding weights is adding logits.

      Two models are in memory, and the logits of a sample of positions.
      """)

  @OptionGroup var path: PathOptions

  @Option(
    parsing: .unconditional,
    help: """
      Where expansions start: a list, or START:STOP:COUNT with both ends. \
      (default: 0,0.5,1)
      """,
    transform: PointList.init)
  var anchor = PointList(text: "0,0.5,1", values: [0, 0.5, 1])

  @OptionGroup var scoring: ScoringOptions
  @OptionGroup var language: LanguageModelOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions

  /// For the logits of one model at the sample's positions; there are twice as many for each
  /// anchor.
  private static let sampleByteCount = 16_000_000
  private static let mostAnchors = 32

  func validate() throws {
    guard !scoring.texts.isEmpty else { throw ValidationError("name a text with --text") }
    guard anchor.values.count <= Linearity.mostAnchors else {
      throw ValidationError("--anchor takes at most \(Linearity.mostAnchors) places")
    }
  }

  func run() throws {
    let arguments = path.checkpoints.map(\.argument)
    let checkpoints = try openModels(arguments, resources, before: output, making: command)
    let models = try language.models(checkpoints)
    let sample = Linearity.sampleByteCount
    try resources.requireMemory(
      for: models, count: 2, extra: (2 * anchor.values.count + 2) * sample)
    let (texts, sources) = try scoring.read(for: models, language.tokenizer(of: models))
    let study = LinearityStudy(
      models, path: path.line.path, texts: texts, threads: resources.threads,
      sampleByteCount: sample)
    let alphas = Set(path.alphas + anchor.values).sorted()
    let progress = SweepProgress(
      of: alphas.count + anchor.values.count + 1,
      tokensPerPoint: texts.reduce(0) { $0 + $1.tokenCounts.reduce(0, +) })
    let found = try study.run(alphas: alphas, anchors: anchor.values) { progress.advance() }
    progress.end()
    for checkpoint in checkpoints { try checkpoint.checkpoint.verifyUnchanged() }
    let names = labels(of: arguments)
    let report = LinearityReport(
      path.line, checkpoints: names, texts: texts.map(\.name), found: found)
    try output.write {
      try result(report, checkpoints, sources, scoring.attributes(for: models))
    }
    try printing.show(
      json: [jsonHeader("linearity")] + jsonLines(report.table, kind: "point"),
      csv: report.table,
      text: report.lines + [""] + TerminalTable(report.table).lines(width: TerminalTable.width))
  }

  private func result(
    _ report: LinearityReport, _ models: [ParameterList], _ sources: [Provenance.Input],
    _ windows: [ResultAttribute]
  ) throws -> ResultFile {
    let inputs = try recordedInputs(
      path.checkpoints.map(\.argument), path.checkpoints.map(\.role), models, resources)
    return try output.resultFile(
      title: "First-order expansions along a path", command: command,
      inputs: inputs + sources + language.companions(of: path.first),
      groups: report.groups(attributes: windows))
  }

  /// What shapes the result file, in a fixed order.
  private var command: String {
    output.command(
      "linearity",
      options: path.recorded(withPaths: output.recordPaths) + ["--anchor", anchor.text]
        + scoring.recorded(withPaths: output.recordPaths) + language.recorded)
  }
}
