import ArgumentParser
import Checkpoints
import JSON
import Reports

extension Gram {
  /// Prints a report in the form asked for.
  ///
  /// - Throws: `OutputError` if standard output cannot take it; `ValidationError` if `--at` has
  ///   another number of coefficients than there are checkpoints.
  func show(_ report: GramReport, _ coverage: CoverageReport, notes: [String]) throws {
    let point = try pointTable(report)
    let table = point ?? report.pairTable(by: by)
    try printing.show(
      json: [header(report)] + jsonLines(table, kind: point == nil ? "pair" : "point")
        + (point == nil ? jsonLines(report.checkpointTable, kind: "checkpoint") : [])
        + jsonLines(coverage.table(includingCompared: false), kind: "coverage"),
      csv: table, text: text(report, table, coverage, notes))
    printing.warn(ofNonfinite: report.nonfinite)
  }

  private func pointTable(_ report: GramReport) throws -> ReportTable? {
    guard let coefficients = try coefficients() else { return nil }
    guard coefficients.count == report.labels.count else {
      throw ValidationError(
        "--at has \(coefficients.count) coefficients for \(report.labels.count) checkpoints: "
          + report.labels.joined(separator: ", "))
    }
    return report.pointTable(at: coefficients, by: by)
  }

  private func header(_ report: GramReport) -> String {
    jsonHeader(
      "gram",
      [
        ("by", jsonString(by.rawValue)),
        ("checkpoints", "[" + report.labels.map(jsonString).joined(separator: ",") + "]"),
        ("base", report.base.map { jsonString(report.labels[$0]) } ?? "null"),
        ("tensors", String(report.entries.count)), ("numel", String(report.total.elementCount)),
      ])
  }

  private func text(
    _ report: GramReport, _ table: ReportTable, _ coverage: CoverageReport, _ notes: [String]
  ) -> [String] {
    let width = TerminalTable.width
    let details = coverage.table(includingCompared: false)
    let head =
      [
        "\(report.labels.count) checkpoints, \(report.entries.count) tensors of "
          + "\(report.total.elementCount.grouped) weights in common"
      ] + coverage.lines + notes.map(\.escapedForTerminal)
      + (printing.verbose && details.rowCount > 0 ? TerminalTable(details).lines(width: width) : [])
    if at != nil { return head + [""] + TerminalTable(table).lines(width: width) }
    let byGroup = by == .total ? [] : [""] + TerminalTable(table).lines(width: width)
    return head + [""] + report.matrixLines(width: width) + [""]
      + TerminalTable(report.checkpointTable).lines(width: width) + byGroup
  }
}
