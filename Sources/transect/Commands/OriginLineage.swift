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
    let models = try arguments.map { try ParameterList(openCheckpoint($0, mode: resources.io)) }
    try output.checkOutput(against: models.map(\.checkpoint))
    let names = labels(of: arguments)
    let lineage = try LineageTest(
      models, base: basePosition(arguments, names), options: options(models[0]),
      resources: resources.resources
    ).run()
    for model in models { try model.checkpoint.verifyUnchanged() }
    let report = LineageReport(lineage, labels: names)
    try show(report)
    try output.write { try result(report, models, names) }
    if let code = lineage.verdict.exitCode { throw code }
  }

  /// The checkpoint that `--base` names, by its argument or its label.
  private func basePosition(_ arguments: [String], _ names: [String]) throws -> Int? {
    guard let base else { return nil }
    guard let position = arguments.firstIndex(of: base) ?? names.firstIndex(of: base) else {
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
    _ report: LineageReport, _ models: [ParameterList], _ names: [String]
  ) throws -> ResultFile {
    let inputs = try zip(names, models).map { name, model in
      try Provenance.Input(
        label: name, role: "checkpoint", parameters: model,
        digest: model.modelDigest(threads: resources.threads))
    }
    return try output.resultFile(
      title: "Families of checkpoints that share an initialization", command: command,
      inputs: inputs,
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
