import ArgumentParser
import Checkpoints
import Geometry
import HDF5
import Reports

extension Origin {
  /// The most checkpoints that are compared with each other.
  static let mostCheckpoints = 64

  /// Compares all checkpoints with each other.
  func runLineage(_ arguments: [String]) throws {
    let models = try arguments.map { try ParameterList(openCheckpoint($0, resources.reading)) }
    try output.checkOutput(against: models.map(\.checkpoint), making: command)
    let names = labels(of: arguments)
    let lineage = try LineageTest(
      models, base: position(arguments, names), options: options(models[0]),
      resources: resources.resources
    ).run()
    for model in models { try model.checkpoint.verifyUnchanged() }
    let report = LineageReport(lineage, labels: names)
    try show(report)
    try output.write { try result(report, models, arguments) }
    if let code = lineage.verdict.exitCode { throw code }
  }

  /// The checkpoint that `--base` names, by its argument or its label.
  private func position(_ arguments: [String], _ names: [String]) throws -> Int? {
    let position = try basePosition(base, among: arguments)
    guard position != arguments.count else {
      throw ValidationError(
        "--base must be one of the checkpoints: \(names.joined(separator: ", "))")
    }
    return position
  }

  private func show(_ report: LineageReport) throws {
    let tables =
      [report.pairTable] + (printing.verbose ? [report.checkpointTable, report.productTable] : [])
    try printing.show(
      json: [jsonHeader("lineage")] + jsonLines(report.pairTable, kind: "pair")
        + jsonLines(report.checkpointTable, kind: "checkpoint")
        + jsonLines(report.productTable, kind: "product") + [report.verdictLine],
      csv: report.pairTable,
      text: report.lines + tables.flatMap { [""] + TerminalTable($0).lines() })
  }

  private func result(
    _ report: LineageReport, _ models: [ParameterList], _ arguments: [String]
  ) throws -> ResultFile {
    try output.resultFile(
      title: "Families of checkpoints that share an initialization", command: command,
      inputs: recordedInputs(arguments, arguments.map { _ in "checkpoint" }, models, resources),
      groups: report.groups())
  }
}

extension Lineage.Verdict {
  /// The exit code, or `nil` for success.
  fileprivate var exitCode: ExitCode? {
    switch self {
    case .oneFamily: nil
    case .noFamily: ExitCode(1)
    case .someFamilies: ExitCode(3)
    }
  }
}
