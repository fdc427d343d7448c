import ArgumentParser
import Checkpoints
import Geometry
import HDF5
import Reports

/// `transect norms`: how far checkpoints are from a base, and where.
struct Norms: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Norms of the differences between a base and other checkpoints.",
    discussion: """
      For each tensor, with A the base's n values and B the other's: the distance ‖A − B‖₂, by \
      default divided by √n (arXiv 2211.12092, section 5.3); relative, ‖A − B‖₂ / ‖A‖₂; cosine, \
      ⟨A, B⟩ / (‖A‖₂ ‖B‖₂); the largest |A − B|; and how many values have the same bits. \
      --json, --csv and -o hold more: see docs/HDF5-SCHEMA.md.
      """)

  @Argument(help: "The checkpoint to measure from.")
  var base: String

  @Argument(help: "Checkpoints to measure.")
  var others: [String]

  @Option(help: "A row for each: \(NormGrouping.allNames).")
  var by = NormGrouping.tensor

  @Option(help: "Order of rows: \(NormOrder.allNames).")
  var sort = NormOrder.file

  @Option(help: "Print only the first so many rows.")
  var top: Int?

  @Option(help: "Scale of the distance: rms (‖A − B‖ / √n), l2 (‖A − B‖) or mean (‖A − B‖ / n).")
  var scale = NormScale.rms

  @Flag(help: "Exit with 3 if values are NaN or infinite, or parameters could not be compared.")
  var strict = false

  @OptionGroup var filter: FilterOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard !others.isEmpty else { throw ValidationError("name at least one checkpoint to measure") }
    guard top.map({ $0 > 0 }) ?? true else { throw ValidationError("--top must be at least 1") }
  }

  func run() throws {
    let checkpoints = try ([base] + others).map { argument in
      try ParameterList(openCheckpoint(argument, resources.reading))
    }
    try output.checkOutput(against: checkpoints.map(\.checkpoint))
    let report = try measure(checkpoints)
    try show(report, checkpoints)
    try output.write { try result(report, checkpoints) }
    if strict && !report.isClean { throw ExitCode(3) }
  }

  private func measure(_ checkpoints: [ParameterList]) throws -> NormsReport {
    let options = try filter.pairing()
    let pairings = checkpoints.dropFirst().map { other in
      CheckpointPairing(base: checkpoints[0], other: other, options: options)
    }
    if let empty = pairings.firstIndex(where: \.pairs.isEmpty) {
      throw CheckpointError(
        .incomplete, in: others[empty],
        "has no tensor that can be compared with \(base): "
          + pairings[empty].summary.map { "\($0.count) \($0.status.rawValue)" }
          .joined(separator: ", "))
    }
    let differences = try PairWalk(pairings).differences(using: resources.resources)
    for checkpoint in checkpoints { try checkpoint.checkpoint.verifyUnchanged() }
    return NormsReport(
      labels: labels(of: [base] + others), pairings: pairings, differences: differences)
  }

  private func result(
    _ report: NormsReport, _ checkpoints: [ParameterList]
  ) throws -> ResultFile {
    let roles = ["base"] + others.map { _ in "other" }
    return try output.resultFile(
      title: "Norms of differences between checkpoints",
      command: output.command(
        "norms", [base] + others, options: filter.recorded(withPaths: output.recordPaths)),
      inputs: recordedInputs([base] + others, roles, checkpoints, resources),
      groups: report.groups())
  }
}

extension NormsReport {
  /// Whether all values are finite and every parameter was compared.
  fileprivate var isClean: Bool {
    nonfinite == 0 && coverage.isComplete
  }
}

extension NormGrouping: ExpressibleByArgument {
  static var allNames: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
extension NormOrder: ExpressibleByArgument {
  fileprivate static var allNames: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
extension NormScale: ExpressibleByArgument {}
