/// A square matrix of figures of checkpoints for a terminal, in bands of columns where it is wide.
struct MatrixLines {
  private let labels: [String]
  private let title: String
  private let cell: (Int, Int) -> Double

  private static let columnWidth = 11
  private static let mostLabelWidth = 24

  /// Sets a matrix.
  ///
  /// - Parameters:
  ///   - title: what the cells are.
  ///   - labels: of rows and columns.
  ///   - cell: the figure at a row and a column; NaN leaves the cell empty.
  init(_ title: String, labels: [String], _ cell: @escaping (Int, Int) -> Double) {
    (self.title, self.cell) = (title, cell)
    self.labels = labels.map(\.escapedForTerminal)
  }

  /// The title, then for each band a line of numbers of checkpoints and a line for each checkpoint.
  ///
  /// - Parameter width: characters; labels are elided to leave room for one column.
  /// - Returns: the lines.
  func lines(width: Int) -> [String] {
    let number = String(labels.count).count + 1
    let longest = min(labels.map(\.count).max() ?? 0, MatrixLines.mostLabelWidth)
    let name = max(min(longest, width - number - MatrixLines.columnWidth), 4)
    let perBand = max((width - name - number) / MatrixLines.columnWidth, 1)
    return [title]
      + stride(from: 0, to: labels.count, by: perBand).flatMap { first in
        band(first..<min(first + perBand, labels.count), name: name, number: number)
      }
  }

  private func band(_ columns: Range<Int>, name: Int, number: Int) -> [String] {
    let head = String(repeating: " ", count: name + number)
    return [head + columns.map { flushRight(String($0 + 1), MatrixLines.columnWidth) }.joined()]
      + labels.indices.map { row in
        let label = labels[row].elidedInMiddle(to: name)
        let cells = columns.map { column in
          let value = cell(row, column)
          return flushRight(value.isNaN ? "" : value.brief, MatrixLines.columnWidth)
        }
        return
          (flushRight(String(row + 1), number - 1) + " " + label
          + String(repeating: " ", count: name - label.count) + cells.joined())
          .withoutTrailingBlanks
      }
  }

  private func flushRight(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }
}

extension GramReport {
  /// The matrices that a person reads.
  ///
  /// - Parameter width: characters.
  /// - Returns: distances, angles and, with a base, cosines of task vectors.
  public func matrixLines(width: Int) -> [String] {
    let tasks = base.map { base in
      [""]
        + MatrixLines("cosines of the ways from \(labels[base])", labels: labels) {
          first, second in
          first == second ? .nan : total.taskCosine(first, second, base: base)
        }.lines(width: width)
    }
    return MatrixLines("rms = ‖A − B‖₂ / √n", labels: labels) { total.rootMeanSquare($0, $1) }
      .lines(width: width)
      + [""]
      + MatrixLines("angles in degrees", labels: labels) { total.angle($0, $1) }
      .lines(width: width)
      + (tasks ?? [])
  }
}
