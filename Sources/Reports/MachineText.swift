import Checkpoints
import JSON
import Tensors

/// A table as lines of comma-separated values, the names of the columns first.
///
/// Control characters are written as `\u{1B}`, as on a terminal: names come from files of strangers, and
/// lines are printed. Text that a spreadsheet would take for a formula gets an apostrophe before it.
/// Numbers that are not finite, and missing ones, are empty.
///
/// Source: RFC 4180.
///
/// - Parameter table: what to write.
/// - Returns: the lines, without their ends.
public func commaSeparatedLines(_ table: ReportTable) -> [String] {
  let columns = table.machineColumns
  let header = columns.map { quoted($0.name) }.joined(separator: ",")
  return [header]
    + (0..<table.rowCount).map { row in
      columns.map { column in
        guard case .text(let cells) = column.cells else { return column.cells.exact(row) ?? "" }
        let text = cells[row].escapedForTerminal
        return quoted(isFormula(text) ? "'" + text : text)
      }.joined(separator: ",")
    }
}

extension ReportTable {
  fileprivate var machineColumns: [(name: String, cells: Cells)] {
    columns.compactMap { column in column.name.map { ($0, column.cells) } }
  }
}

private func isFormula(_ text: String) -> Bool {
  text.unicodeScalars.first.map { "=+-@".unicodeScalars.contains($0) } ?? false
}

private func isSeparator(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"")
}

private func quoted(_ text: String) -> String {
  guard text.utf8.contains(where: isSeparator) else { return text }
  // By scalars: a quote with a combining mark after it is no quote to `split(separator:)`.
  return "\"" + text.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
}

/// A table as JSON objects, one for each row. Numbers that are not finite are `null`.
///
/// - Parameters:
///   - table: what to write.
///   - kind: the value of each object's first member, `kind`.
/// - Returns: one line for each row, without its end.
public func jsonLines(_ table: ReportTable, kind: String) -> [String] {
  let columns = table.machineColumns
  return (0..<table.rowCount).map { row in
    jsonObject(
      [("kind", jsonString(kind))]
        + columns.map { ($0.name, jsonValue($0.cells, row)) })
  }
}

/// The first of the JSON lines that a command prints.
///
/// - Parameters:
///   - command: its name, as part of the schema's.
///   - members: names and values, JSON already, that come last.
/// - Returns: the line, without its end.
public func jsonHeader(_ command: String, _ members: [(String, String)] = []) -> String {
  jsonObject(
    [
      ("kind", jsonString("header")), ("schema", jsonString("transect.\(command)/1")),
      ("source", jsonString(Provenance.source)),
    ] + members)
}

private func jsonValue(_ cells: ReportTable.Cells, _ row: Int) -> String {
  if case .text(let texts) = cells { return jsonString(texts[row]) }
  return cells.exact(row) ?? "null"
}
