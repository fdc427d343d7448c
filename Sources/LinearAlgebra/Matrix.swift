/// A dense matrix of binary32 numbers, row-major.
public struct Matrix: Hashable, Sendable {
  /// The number of rows; may be 0.
  public let rows: Int
  /// The number of columns; may be 0.
  public let columns: Int
  /// The elements, row after row: [rows, columns].
  public private(set) var elements: [Float]

  /// Creates a matrix of given elements.
  ///
  /// - Parameters:
  ///   - rows: the number of rows.
  ///   - columns: the number of columns.
  ///   - elements: [rows, columns], row-major.
  /// - Precondition: there are rows · columns elements.
  public init(rows: Int, columns: Int, elements: [Float]) {
    precondition(rows >= 0 && columns >= 0 && elements.count == rows * columns)
    (self.rows, self.columns, self.elements) = (rows, columns, elements)
  }

  /// Creates a matrix of equal elements.
  ///
  /// - Parameters:
  ///   - rows: the number of rows.
  ///   - columns: the number of columns.
  ///   - value: every element.
  public init(rows: Int, columns: Int, repeating value: Float = 0) {
    self.init(
      rows: rows, columns: columns, elements: Array(repeating: value, count: rows * columns))
  }

  /// The element at a row and a column, both counted from 0.
  ///
  /// - Parameters:
  ///   - row: less than ``rows``.
  ///   - column: less than ``columns``.
  public subscript(row: Int, column: Int) -> Float {
    get { elements[position(row, column)] }
    set { elements[position(row, column)] = newValue }
  }

  private func position(_ row: Int, _ column: Int) -> Int {
    precondition(0..<rows ~= row && 0..<columns ~= column)
    return row * columns + column
  }

  /// The matrix whose rows are this one's columns.
  ///
  /// - Complexity: O(rows · columns), a copy.
  public var transposed: Matrix {
    var result = Matrix(rows: columns, columns: rows)
    for row in 0..<rows {
      for column in 0..<columns {
        result.elements[column * rows + row] = elements[row * columns + column]
      }
    }
    return result
  }

  /// Gives the elements' memory to `body`, which may change them.
  ///
  /// - Parameter body: takes [rows, columns], row-major, valid until it returns.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws.
  public mutating func withUnsafeMutableElements<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try elements.withUnsafeMutableBufferPointer { try body($0) }
  }
}
