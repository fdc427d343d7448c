import ArgumentParser
import Checkpoints
import Geometry
import JSON
import Reports
import Tensors

/// `transect inspect`: what a checkpoint holds.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List a checkpoint's tensors; their statistics and digests on request.",
    discussion: """
      Without --stats and --digest only the header is read. Mean, sd, min and max are those of \
      the finite values; sd divides by their number.
      """)

  @Argument(help: "The checkpoint.")
  var checkpoint: String

  @Flag(help: "Read all values: norm, mean, sd, min, max, zeros, NaN, Inf.")
  var stats = false

  @Flag(help: "Read all values: SHA-256 of each tensor and of the model, whatever the file format.")
  var digest = false

  @Flag(help: "Print JSON lines instead of a table.")
  var json = false

  @Flag(help: "Print comma-separated values instead of a table.")
  var csv = false

  @OptionGroup var resources: ResourceOptions

  func validate() throws {
    guard !(json && csv) else { throw ValidationError("--json and --csv exclude each other") }
  }

  func run() throws {
    let parameters = try ParameterList(openCheckpoint(checkpoint, mode: resources.io))
    let records = parameters.checkpoint.records
    let report = InspectReport(
      parameters,
      statistics: stats ? try statistics(of: records, using: resources.resources) : nil,
      digests: digest ? try contentDigests(of: records, threads: resources.threads) : nil)
    try parameters.checkpoint.verifyUnchanged()
    try printLines(lines(report))
  }

  private func lines(_ report: InspectReport) -> [String] {
    if csv { return commaSeparatedLines(report.table) }
    if json { return [header(report)] + jsonLines(report.table, kind: "tensor") }
    return report.summary + [""] + TerminalTable(report.table).lines(width: TerminalTable.width)
  }

  private func header(_ report: InspectReport) -> String {
    jsonHeader(
      "inspect", report.modelDigest.map { [("model_digest", jsonString($0.description))] } ?? [])
  }
}
