import Checkpoints
import Geometry
import JSON
import Reports
import Tensors

extension Norms {
  /// Prints a report in the form asked for.
  ///
  /// - Throws: `OutputError` if standard output cannot take it.
  func show(_ report: NormsReport, _ checkpoints: [ParameterList]) throws {
    let table = report.table(by: by, order: sort, limit: top, scale: scale)
    try printing.show(
      json: [header] + jsonLines(table, kind: "row")
        + jsonLines(report.coverageTable(includingCompared: false), kind: "coverage"),
      csv: table, text: text(report, table, checkpoints))
    if printing.csv && !printing.quiet { report.coverageSummary.forEach(printError) }
    printing.warn(ofNonfinite: report.nonfinite)
  }

  private var header: String {
    jsonHeader(
      "norms", [("by", jsonString(by.rawValue)), ("distance", jsonString(scale.formula))])
  }

  private func text(
    _ report: NormsReport, _ table: ReportTable, _ checkpoints: [ParameterList]
  ) -> [String] {
    let width = TerminalTable.width
    let strip = HeatStrip(report, scale: scale).lines(width: width)
    return ["\(scale.rawValue) = \(scale.formula), relative = ‖A − B‖₂ / ‖A‖₂; A is the base"]
      + coverage(report) + notes(checkpoints)
      + [""] + TerminalTable(table).lines(width: width) + totals(report)
      + (strip.isEmpty ? [] : [""] + strip)
  }

  private func notes(_ checkpoints: [ParameterList]) -> [String] {
    checkpoints.flatMap { parameters in
      parameters.checkpoint.notes.map { "\(baseName(parameters.checkpoint.path)): \($0)" }
    }.map(\.escapedForTerminal)
  }

  private func coverage(_ report: NormsReport) -> [String] {
    let details = report.coverageTable(includingCompared: false)
    let isShort = printing.verbose || details.rowCount <= NormsReport.shortCoverage
    return report.coverageSummary + (isShort ? list(details) : [])
  }

  private func list(_ details: ReportTable) -> [String] {
    details.rowCount == 0 ? [] : TerminalTable(details).lines(width: TerminalTable.width)
  }

  private func totals(_ report: NormsReport) -> [String] {
    guard by != .total else { return [] }
    let table = report.table(by: .total, order: .file, limit: nil, scale: scale)
    return [""] + TerminalTable(table).lines(width: TerminalTable.width)
  }
}

extension NormsReport {
  /// Lines of coverage that are printed without being asked for.
  fileprivate static let shortCoverage = 12

  /// For each comparison, how many parameters were compared and what became of the others.
  fileprivate var coverageSummary: [String] {
    comparisons.map { comparison in
      let counts = comparison.pairing.summary.map { "\($0.count) \($0.status.rawValue)" }
      return "\(comparison.label): \((counts + comparison.pairing.remarks).joined(separator: ", "))"
        .escapedForTerminal
    }
  }
}

extension CheckpointPairing {
  /// The most frequent remarks on pairs, with how many pairs they are about.
  fileprivate var remarks: [String] {
    let counts = Dictionary(
      pairs.map(\.remark).filter { !$0.isEmpty }.map { ($0, 1) }, uniquingKeysWith: +)
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3)
      .map { "\($0.value) of them \($0.key)" }
  }
}

/// Short, distinct names for checkpoints: a file's stem, or its folder's name where the file is
/// called as in every folder.
///
/// - Parameter arguments: as given on the command line.
/// - Returns: one label for each.
func labels(of arguments: [String]) -> [String] {
  var used = Set<String>()
  return arguments.map { argument in
    let name = stem(of: argument)
    var (label, number) = (name, 1)
    while !used.insert(label).inserted {
      number += 1
      label = "\(name)#\(number)"
    }
    return label
  }
}

private func stem(of path: String) -> String {
  let parts = path.split(separator: "/").map(String.init).filter { $0 != "." }
  guard let last = parts.last else { return path }
  let suffixes = [
    ".safetensors.index.json", ".bin.index.json", ".safetensors", ".bin", ".pt", ".pth",
  ]
  guard let suffix = suffixes.first(where: last.hasSuffix) else { return last }
  let name = String(last.dropLast(suffix.count))
  let isGeneric = ["model", "pytorch_model"].contains(name) && parts.count > 1
  return isGeneric ? parts[parts.count - 2] : name
}
