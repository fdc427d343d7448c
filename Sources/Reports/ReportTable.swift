import Tensors

/// Results as rows and columns, ready for any sink.
public struct ReportTable: Sendable {
  /// The cells of a column, of one type.
  public enum Cells: Hashable, Sendable {
    case text([String])
    case integer([Int?])
    case real([Double])
  }

  /// One quantity.
  public struct Column: Sendable {
    /// Its name for machines, or `nil` if it is for terminals only.
    public let name: String?
    /// Its name on a terminal, or `nil` if it is not shown there.
    public let heading: String?
    /// Its cells.
    public let cells: Cells
    /// Whether NaN is left blank on a terminal.
    public let blanksNaN: Bool

    /// Creates a column.
    ///
    /// - Parameters:
    ///   - name: its name for machines; `nil` leaves it out there.
    ///   - heading: its name on a terminal; `nil` leaves it out there.
    ///   - cells: as many as the table has rows.
    ///   - blanksNaN: whether NaN is left blank on a terminal.
    public init(
      _ name: String?, heading: String? = nil, _ cells: Cells, blanksNaN: Bool = false
    ) {
      (self.name, self.heading, self.cells) = (name, heading, cells)
      self.blanksNaN = blanksNaN
    }

    /// A cell for a person.
    func brief(_ row: Int) -> String {
      if blanksNaN, case .real(let cells) = cells, cells[row].isNaN { return "" }
      return cells.brief(row)
    }
  }

  /// The columns, in order.
  public let columns: [Column]
  /// The number of rows.
  public let rowCount: Int

  /// Creates a table.
  ///
  /// - Parameters:
  ///   - rowCount: the number of rows.
  ///   - columns: each with that many cells.
  public init(rowCount: Int, columns: [Column]) {
    precondition(columns.allSatisfy { $0.cells.count == rowCount })
    (self.columns, self.rowCount) = (columns, rowCount)
  }
}

extension ReportTable.Cells {
  /// The number of cells.
  public var count: Int {
    switch self {
    case .text(let cells): cells.count
    case .integer(let cells): cells.count
    case .real(let cells): cells.count
    }
  }

  /// Whether cells are set flush right.
  var isNumeric: Bool {
    if case .text = self { false } else { true }
  }

  /// A cell for a person: four significant digits.
  func brief(_ row: Int) -> String {
    switch self {
    case .text(let cells): cells[row].escapedForTerminal
    case .integer(let cells): cells[row].map { String($0) } ?? ""
    case .real(let cells): cells[row].brief
    }
  }

  /// A cell with every digit that reading it back needs; `nil` where there is no number.
  func exact(_ row: Int) -> String? {
    switch self {
    case .text(let cells): cells[row]
    case .integer(let cells): cells[row].map { String($0) }
    case .real(let cells): cells[row].isFinite ? String(cells[row]) : nil
    }
  }
}
