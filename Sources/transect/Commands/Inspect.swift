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

  @OptionGroup var names: NameFilterOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions

  func run() throws {
    let parameters = try ParameterList(openCheckpoint(checkpoint, resources.reading))
    let records = try parameters.records(isIncluded: names.predicate())
    let report = InspectReport(
      parameters, records: records,
      statistics: stats ? try statistics(of: records, using: resources.resources) : nil,
      digests: digest ? try contentDigests(of: records, threads: resources.threads) : nil)
    try parameters.checkpoint.verifyUnchanged()
    try printing.show(
      json: [header(report)] + jsonLines(report.table, kind: "tensor"), csv: report.table,
      text: report.summary + [""] + TerminalTable(report.table).lines())
  }

  private func header(_ report: InspectReport) -> String {
    jsonHeader(
      "inspect", report.modelDigest.map { [("model_digest", jsonString($0.description))] } ?? [])
  }
}

extension ParameterList {
  /// The stored tensors, parameters or not, whose canonical names are included, in the file's
  /// order.
  fileprivate func records(isIncluded: (TensorName) -> Bool) -> [TensorRecord] {
    let all = parameters + buffers + ties.map(\.parameter)
    let excluded = all.filter { !isIncluded($0.name.canonical) }.map(\.record.name)
    let names = Set(excluded)
    return checkpoint.records.filter { !names.contains($0.name) }
  }
}
