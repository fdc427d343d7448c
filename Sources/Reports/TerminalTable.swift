import Glibc
import Tensors

/// A table set for a person: columns aligned, cut to the width of the terminal.
public struct TerminalTable {
  private let headings: [String]
  private let rows: [[String]]
  private let isNumeric: [Bool]

  private static let gap = "  "
  private static let leastNameWidth = 32

  /// Sets the columns that have a heading.
  ///
  /// - Parameter table: what to show.
  public init(_ table: ReportTable) {
    let shown = table.columns.filter { $0.heading != nil }
    headings = shown.compactMap(\.heading)
    isNumeric = shown.map(\.cells.isNumeric)
    rows = (0..<table.rowCount).map { row in shown.map { $0.brief(row) } }
  }

  /// The lines, none wider than `width` if the columns allow it.
  ///
  /// The first column gives way first, elided down to a width at which names can still be told
  /// apart; then columns fall away from the right, which a last line says.
  ///
  /// - Parameter width: characters.
  /// - Returns: the headings, then a line for each row.
  public func lines(width: Int = TerminalTable.width) -> [String] {
    var widths = headings.indices.map { column in
      rows.reduce(headings[column].length) { max($0, $1[column].length) }
    }
    guard !widths.isEmpty else { return [] }
    let leastName = min(widths[0], TerminalTable.leastNameWidth)
    while total(widths) > width, widths.count > 1, total(widths) - widths[0] + leastName > width {
      widths.removeLast()
    }
    widths[0] = max(widths[0] - max(total(widths) - width, 0), min(leastName, width))
    return ([headings] + rows).map { line($0, widths) } + remark(on: widths.count, width: width)
  }

  private func remark(on shown: Int, width: Int) -> [String] {
    let missing = headings.dropFirst(shown).joined(separator: ", ")
    let remark = "(--csv also has \(missing))"
    return missing.isEmpty ? [] : [remark.elidedInMiddle(to: width)]
  }

  private func total(_ widths: [Int]) -> Int {
    widths.reduce(0, +) + TerminalTable.gap.count * (widths.count - 1)
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var line = ""
    for (column, width) in widths.enumerated() {
      let blanks = String(repeating: " ", count: max(width - cells[column].length, 0))
      line += column == 0 ? "" : TerminalTable.gap
      line += isNumeric[column] ? blanks : ""
      line += cells[column].elidedInMiddle(to: width)
      line += isNumeric[column] ? "" : blanks
    }
    return line.withoutTrailingBlanks
  }

  /// The terminal's width; where standard output is none, `COLUMNS`, else no bound.
  public static var width: Int {
    var size = winsize()
    if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
      return Int(size.ws_col)
    }
    return getenv("COLUMNS").flatMap { Int(String(cString: $0)) }.map { max($0, 40) } ?? 10_000
  }
}

extension String {
  var withoutTrailingBlanks: String {
    guard let last = utf8.lastIndex(where: { $0 != UInt8(ascii: " ") }) else { return "" }
    return String(self[..<utf8.index(after: last)])
  }

  /// The number of characters; finding where each ends is slow, and rarely needed.
  fileprivate var length: Int { isPrintableASCII ? utf8.count : count }

  /// The text with part of its middle replaced by `…` if it has more than `limit` characters; more
  /// is kept of its end, where names of tensors differ.
  func elidedInMiddle(to limit: Int) -> String {
    guard length > limit, limit > 1 else { return self }
    let head = (limit - 1) / 4
    let tail = limit - 1 - head
    return isPrintableASCII
      ? Substring(utf8.prefix(head)) + "…" + Substring(utf8.suffix(tail))
      : prefix(head) + "…" + suffix(tail)
  }
}
