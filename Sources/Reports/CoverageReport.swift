import Geometry
import HDF5
import Tensors

/// What became of every parameter of each comparison.
public struct CoverageReport: Codable, Sendable {
  private struct Comparison: Codable {
    let label: String
    let entries: [CoverageEntry]
  }

  private let comparisons: [Comparison]

  /// Creates a report.
  ///
  /// - Parameter comparisons: their labels, as `base→tuned`, and one entry for each parameter.
  public init(_ comparisons: [(label: String, entries: [CoverageEntry])]) {
    self.comparisons = comparisons.map { Comparison(label: $0.label, entries: $0.entries) }
  }

  /// Whether every parameter was compared, but for buffers, ties, and what was left out on purpose.
  public var isComplete: Bool {
    comparisons.allSatisfy { comparison in
      comparison.entries.allSatisfy { $0.status.isDone || $0.status.isLeftOutOnPurpose }
    }
  }

  /// For each comparison, how many parameters became what, as `base→tuned: 76 compared`.
  public var lines: [String] {
    comparisons.map { comparison in
      let counts = Dictionary(comparison.entries.map { ($0.status, 1) }, uniquingKeysWith: +)
      let words = CoverageEntry.Status.allCases.compactMap { status in
        counts[status].map { "\($0) \(status.rawValue)" }
      }
      return "\(comparison.label): \(words.joined(separator: ", "))".escapedForTerminal
    }
  }

  /// One row for each parameter that is not simply compared.
  ///
  /// - Parameter includingCompared: whether to list those compared too.
  /// - Returns: comparison, parameter, status and detail.
  public func table(includingCompared: Bool) -> ReportTable {
    let entries = comparisons.flatMap { comparison in
      comparison.entries.map { (comparison.label, $0) }
    }.filter { includingCompared || !$0.1.status.isDone || !$0.1.detail.isEmpty }
    return ReportTable(
      rowCount: entries.count,
      columns: [
        .init("pair", heading: comparisons.count > 1 ? "pair" : nil, .text(entries.map(\.0))),
        .init("tensor", heading: "tensor", .text(entries.map(\.1.name.text))),
        .init("status", heading: "status", .text(entries.map(\.1.status.rawValue))),
        .init("detail", heading: "detail", .text(entries.map(\.1.detail))),
      ])
  }

  /// The group `/coverage` of a result file.
  ///
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func group() throws -> ResultGroup {
    let table = table(includingCompared: true)
    let texts = table.columns.map { column in
      guard case .text(let cells) = column.cells else { return [String]() }
      return cells
    }
    let statuses = CoverageEntry.Status.allCases
    let words = statuses.map { $0.rawValue.split(separator: " ").joined(separator: "_") }
    let codes = texts[2].map { text in
      Int8(statuses.firstIndex { $0.rawValue == text } ?? 0)
    }
    return try ResultGroup(
      "coverage", attributes: [ResultAttribute("kind", .text("coverage"))],
      variables: [
        ResultVariable(
          "entry", dimensions: ["entry"], .int64((0..<table.rowCount).map { Int64($0) }),
          longName: "number of the entry"),
        ResultVariable("pair", dimensions: ["entry"], .text(texts[0]), longName: "comparison"),
        ResultVariable(
          "tensor", dimensions: ["entry"], .text(texts[1]), longName: "parameter",
          attributes: [ResultAttribute("content", .text("language"))]),
        .flags(
          "status", dimensions: ["entry"], codes, meanings: words, longName: "what became of it"),
        ResultVariable("detail", dimensions: ["entry"], .text(texts[3]), longName: "remark"),
      ])
  }
}
