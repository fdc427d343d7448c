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
    rows = (0..<table.rowCount).map { row in shown.map { $0.cells.brief(row) } }
  }

  /// The lines, none wider than `width` if the columns allow it.
  ///
  /// The first column gives way first, elided down to a width at which names can still be told
  /// apart; then columns fall away from the right, which a last line says.
  ///
  /// - Parameter width: characters.
  /// - Returns: the headings, then a line for each row.
  public func lines(width: Int) -> [String] {
    var widths = headings.indices.map { column in
      rows.reduce(headings[column].count) { max($0, $1[column].count) }
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
    let padded = zip(zip(cells, isNumeric), widths).map { cell, width in
      let text = cell.0.elidedInMiddle(to: width)
      let blanks = String(repeating: " ", count: max(width - text.count, 0))
      return cell.1 ? blanks + text : text + blanks
    }
    return padded.joined(separator: TerminalTable.gap).withoutTrailingBlanks
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
  var withoutTrailingBlanks: String { String(reversed().drop { $0 == " " }.reversed()) }

  /// The text with part of its middle replaced by `…` if it is longer than `length`; more is kept
  /// of its end, where names of tensors differ.
  func elidedInMiddle(to length: Int) -> String {
    guard count > length, length > 1 else { return self }
    let head = (length - 1) / 4
    return prefix(head) + "…" + suffix(length - 1 - head)
  }
}
