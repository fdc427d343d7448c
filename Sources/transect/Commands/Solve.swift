import ArgumentParser
import Checkpoints
import Geometry
import HDF5
import JSON
import Reports
import Tensors

/// `transect solve`: which coefficients made a checkpoint.
struct Solve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find the coefficients by which a checkpoint is a mixture of others.",
    usage: "transect solve <merged> --from <input> ... [--base <base>] [options]",
    discussion: """
      Least squares for M ≈ Σ c_i θ_i with Σ c = 1, and without that, per tensor, per layer and in \
      all. What is left is measured element by element, and compared with what rounding to M's \
      type leaves: in its root mean square, and in how many elements are farther off than \
      roundings bring them. With --base X differences are taken from X: M ≈ X + Σ c_i (θ_i − X).

      Exit codes: 0 a mixture within rounding, 1 not one (or some tensors differ), 2 unusable \
      input, 3 nearly one, coefficients that the inputs leave open, or parameters that could not \
      be compared.
      """)

  @Argument(help: "The checkpoint in question; named first, as --from takes all that follow.")
  var merged: String?

  @Option(name: .customLong("from"), parsing: .upToNextOption, help: "What it may be made from.")
  var inputs: [String]

  @Option(help: "Where the inputs were fine-tuned from; one of them, or one more.")
  var base: String?

  @Option(help: "A row for each of these.")
  var by = SolveGrouping.layer

  @OptionGroup var filter: FilterOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard merged != nil else {
      throw ValidationError(
        "name the checkpoint in question before --from, which takes all that follow: "
          + "transect solve MERGED --from A B")
    }
    try checkInputs()
  }

  private func checkInputs() throws {
    guard (1..<GramReport.mostCheckpoints - 1).contains(inputs.count) else {
      throw ValidationError("--from takes 1 to \(GramReport.mostCheckpoints - 2) checkpoints")
    }
    guard inputs.count > 1 || base != nil else {
      throw ValidationError("name two checkpoints after --from, or one and a --base")
    }
    for (place, input) in inputs.enumerated() {
      guard !inputs[..<place].contains(where: { $0 == input || isSameFile($0, input) }) else {
        throw ValidationError("\(input) is named twice after --from")
      }
    }
    if inputs.count == 1, let base, try basePosition(base, among: inputs) == 0 {
      throw ValidationError("--base \(base) is all that --from names; name another there")
    }
  }

  func run() throws {
    let position = try basePosition(base, among: inputs)
    let arguments = question + inputs + (position == inputs.count ? [base].compactMap(\.self) : [])
    let models = try arguments.map { try ParameterList(openCheckpoint($0, resources.reading)) }
    try output.checkOutput(against: models.map(\.checkpoint), making: command)
    let common = try commonTensors(of: models, arguments, options: filter.pairing(), resources)
    let finding = try MixtureTest(
      common, origin: position ?? 0, resources: resources.resources
    ).run()
    for model in models { try model.checkpoint.verifyUnchanged() }
    let names = labels(of: arguments)
    let report = SolveReport(
      finding, merged: names[0], labels: Array(names.dropFirst()), base: position,
      missing: models[0].missing(from: common, isIncluded: try filter.predicate())
        + common.lackedByFirst.count)
    let coverage = CoverageReport(
      zip(names.dropFirst(), common.coverage).map { ("\(names[0])→\($0)", $1) })
    try show(report, coverage)
    try output.write { try result(report, coverage, arguments, models) }
    if let code = report.exitCode { throw code }
  }

  private var question: [String] { merged.map { [$0] } ?? [] }

  private func show(_ report: SolveReport, _ coverage: CoverageReport) throws {
    printing.warn(ofNonfinite: report.finding.nonfinite)
    let (table, details) = (report.table(by: by), coverage.table(includingCompared: false))
    let left =
      printing.verbose && details.rowCount > 0 ? [""] + TerminalTable(details).lines() : []
    try printing.show(
      json: [jsonHeader("solve", [("by", jsonString(by.rawValue))])] + jsonLines(table, kind: "row")
        + jsonLines(details, kind: "coverage") + [report.verdictLine],
      csv: table, text: report.lines + [""] + TerminalTable(table).lines() + left)
  }

  private func result(
    _ report: SolveReport, _ coverage: CoverageReport, _ arguments: [String],
    _ models: [ParameterList]
  ) throws -> ResultFile {
    let roles = ["merged"] + report.labels.indices.map { $0 == report.base ? "base" : "input" }
    return try output.resultFile(
      title: "Coefficients that made a checkpoint", command: command,
      inputs: recordedInputs(arguments, roles, models, resources),
      groups: report.groups() + [coverage.group()])
  }

  private var command: String {
    let start = base.map { ["--base", output.recorded($0)] } ?? []
    return output.command(
      "solve", question,
      options: ["--from"] + inputs.map(output.recorded) + start
        + filter.recorded(withPaths: output.recordPaths))
  }
}

extension SolveGrouping: ExpressibleByArgument {}

extension ParameterList {
  /// How many parameters are included and not among those in common.
  fileprivate func missing(
    from common: CommonTensors, isIncluded: (TensorName) -> Bool
  ) -> Int {
    let known = Set(common.tensors.map(\.name.canonical))
    return parameters.count { isIncluded($0.name.canonical) && !known.contains($0.name.canonical) }
  }
}

extension SolveReport {
  /// The exit code, or `nil` for success.
  fileprivate var exitCode: ExitCode? {
    switch finding.verdict {
    case .mixture, .otherSum, .mixtureByTensor: isIncomplete ? ExitCode(3) : nil
    case .partly, .notMixture: ExitCode(1)
    case .near, .undetermined: ExitCode(3)
    }
  }
}
