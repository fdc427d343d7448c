/// One column for each row of a matrix, all distinct, with the greatest sum of scores.
public struct LinearAssignment: Hashable, Sendable {
  /// The column of each row.
  public let columns: [Int]
  /// The sum of the scores at those places, added in the order of the rows.
  public let total: Double

  init(columns: [Int], scores: Matrix) {
    self.columns = columns
    total = columns.indices.reduce(0) { $0 + Double(scores[$1, columns[$1]]) }
  }
}

/// Solves the linear assignment problem.
///
///     maximize Σ_i scores[i, π(i)] over all π that take rows to distinct columns
///
/// If the greatest elements of the rows lie in distinct columns, they are the optimum, and
/// nothing more is done. Otherwise shortest augmenting paths, with dual prices in binary64: the
/// total is within some rows · 2^-52 · max |score| of the optimum. Among equal optima the same
/// one is chosen for the same scores on every machine.
///
/// - Parameter scores: [rows, columns], with at least as many columns as rows, all finite.
/// - Returns: the column of each row; of no row for an empty matrix.
/// - Precondition: the shape is as said and every score is finite.
/// - Complexity: O(rows · columns) where the rows' greatest elements decide, else at worst
///   O(rows² · columns); memory for a few numbers per row and column besides the scores.
///
/// Source: Jonker & Volgenant 1987, "A Shortest Augmenting Path Algorithm for Dense and Sparse
/// Linear Assignment Problems", Computing 38.
public func linearAssignment(maximizing scores: Matrix) -> LinearAssignment {
  precondition(scores.rows <= scores.columns)
  precondition(scores.elements.allSatisfy(\.isFinite))
  return LinearAssignment(
    columns: distinctGreatest(scores) ?? optimalColumns(scores), scores: scores)
}

/// The column of the greatest element of each row, the first of equal ones, or `nil` if two rows
/// have the same: no assignment can do better.
func distinctGreatest(_ scores: Matrix) -> [Int]? {
  var isTaken = [Bool](repeating: false, count: scores.columns)
  var columns: [Int] = []
  for row in 0..<scores.rows {
    let column = greatest(scores, row)
    guard !isTaken[column] else { return nil }
    isTaken[column] = true
    columns.append(column)
  }
  return columns
}

private func greatest(_ scores: Matrix, _ row: Int) -> Int {
  let first = row * scores.columns
  return scores.elements.withUnsafeBufferPointer { elements in
    var best = 0
    for column in 1..<max(scores.columns, 1) where elements[first + column] > elements[first + best]
    {
      best = column
    }
    return best
  }
}

/// The column of each row in an optimal assignment, by shortest augmenting paths from the start.
func optimalColumns(_ scores: Matrix) -> [Int] {
  scores.elements.withUnsafeBufferPointer { elements in
    guard let start = elements.baseAddress else { return [] }
    var search = AssignmentSearch(start, rows: scores.rows, columns: scores.columns)
    return search.run()
  }
}
