/// The steps of Jonker and Volgenant's algorithm, with cost[i, j] = −score[i, j], from row
/// reduction on. Their column reduction before it is left out: it would spoil optimality where
/// columns stay without a row, and makes the search longer where units resemble each other (by a
/// factor of 2.5 for scores x_i · y_j with a little noise).
///
/// At all times, for a row i that has a column p(i), cost[i, j] − price[j] is least at j = p(i);
/// prices are at most 0, and 0 where a column has no row. So when every row has a column, the sum
/// is optimal.
struct AssignmentSearch {
  private let scores: UnsafePointer<Float>
  private let rows: Int
  private let columns: Int
  private var prices: [Double]
  private var rowOfColumn: [Int]
  private var columnOfRow: [Int]
  private static let none = -1

  /// Starts without any assignment.
  ///
  /// - Parameters:
  ///   - scores: [rows, columns], row-major, finite; valid while the search is used.
  ///   - rows: at most as many as columns.
  ///   - columns: at least 1.
  init(_ scores: UnsafePointer<Float>, rows: Int, columns: Int) {
    (self.scores, self.rows, self.columns) = (scores, rows, columns)
    prices = Array(repeating: 0, count: columns)
    rowOfColumn = Array(repeating: AssignmentSearch.none, count: columns)
    columnOfRow = Array(repeating: AssignmentSearch.none, count: rows)
  }

  /// Assigns every row.
  ///
  /// - Returns: the column of each row.
  mutating func run() -> [Int] {
    var free = Array(0..<rows)
    for _ in 0..<2 where !free.isEmpty { free = reduceRows(free) }
    let tree = PathTree(columns: columns)
    for row in free { augment(from: row, tree) }
    return columnOfRow
  }

  private func reducedCost(_ row: Int, _ column: Int) -> Double {
    -Double(scores[row * columns + column]) - prices[column]
  }

  private mutating func assign(_ row: Int, _ column: Int) {
    rowOfColumn[column] = row
    columnOfRow[row] = column
  }
}

// MARK: - Augmenting row reduction

extension AssignmentSearch {
  private typealias LeastTwo = (first: Int, firstCost: Double, second: Int, secondCost: Double)

  /// The two columns of least reduced cost for a row; the second is infinitely dear if there is
  /// none.
  private func leastTwo(_ row: Int) -> LeastTwo {
    let costs = scores + row * columns
    return prices.withUnsafeBufferPointer { prices in
      var best = (0, -Double(costs[0]) - prices[0], 0, Double.infinity)
      for column in 1..<columns {
        let cost = -Double(costs[column]) - prices[column]
        guard cost < best.3 else { continue }
        best = cost < best.1 ? (column, cost, best.0, best.1) : (best.0, best.1, column, cost)
      }
      return best
    }
  }

  /// Gives each free row its best column, at a price that leaves its second best as good; a row
  /// that loses its column looks for another at once.
  ///
  /// - Parameter free: rows without a column.
  /// - Returns: the rows that are without one afterwards.
  private mutating func reduceRows(_ free: [Int]) -> [Int] {
    var (left, waiting) = ([Int](), Array(free.reversed()))
    // Rows that outbid each other by rounding errors must not do so for ever.
    var patience = 8 * rows
    while let row = waiting.popLast() {
      let (loser, isOutbid) = bid(row)
      patience -= 1
      guard loser != AssignmentSearch.none else { continue }
      if isOutbid && patience > 0 { waiting.append(loser) } else { left.append(loser) }
    }
    return left
  }

  /// Takes the best column for a row, or the second best if that one is as good and free.
  ///
  /// - Returns: the row that had it before, if any, and whether a price fell.
  private mutating func bid(_ row: Int) -> (loser: Int, isOutbid: Bool) {
    let two = leastTwo(row)
    var column = two.first
    let lowered = prices[column] - (two.secondCost - two.firstCost)
    let isOutbid = columns > 1 && lowered < prices[column]
    if isOutbid {
      prices[column] = lowered
    } else if columns > 1, rowOfColumn[column] != AssignmentSearch.none {
      column = two.second
    }
    let loser = rowOfColumn[column]
    if loser != AssignmentSearch.none { columnOfRow[loser] = AssignmentSearch.none }
    assign(row, column)
    return (loser, isOutbid)
  }
}

// MARK: - Shortest augmenting paths

/// Columns by their distance from a free row; reused from row to row.
private final class PathTree {
  /// Settled columns by rising distance, then the others.
  let order: UnsafeMutablePointer<Int>
  let distance: UnsafeMutablePointer<Double>
  let predecessor: UnsafeMutablePointer<Int>

  init(columns: Int) {
    order = .allocate(capacity: columns)
    distance = .allocate(capacity: columns)
    predecessor = .allocate(capacity: columns)
    for column in 0..<columns { order[column] = column }
    distance.initialize(repeating: 0, count: columns)
    predecessor.initialize(repeating: 0, count: columns)
  }

  deinit {
    order.deallocate()
    distance.deallocate()
    predecessor.deallocate()
  }
}

extension AssignmentSearch {
  /// Finds the shortest alternating path from a free row to a free column, and swaps along it.
  private mutating func augment(from start: Int, _ tree: PathTree) {
    for column in 0..<columns { tree.distance[column] = .infinity }
    var (row, least, settled) = (start, 0.0, 0)
    while row != AssignmentSearch.none {
      let offset = row == start ? 0 : reducedCost(row, tree.order[settled - 1]) - least
      settleNearest(tree, settled, from: row, offset: offset)
      let nearest = tree.order[settled]
      (row, least) = (rowOfColumn[nearest], tree.distance[nearest])
      settled += 1
    }
    for place in 0..<settled {
      let column = tree.order[place]
      prices[column] += tree.distance[column] - least
    }
    swapAlong(tree.predecessor, from: start, to: tree.order[settled - 1])
  }

  /// Looks from a row for shorter ways to the columns that are not settled, and puts the nearest
  /// of these first: one without a row if there is a choice.
  private func settleNearest(_ tree: PathTree, _ settled: Int, from row: Int, offset: Double) {
    let costs = scores + row * columns
    let (order, distance) = (tree.order, tree.distance)
    var (best, least) = (settled, Double.infinity)
    prices.withUnsafeBufferPointer { prices in
      for place in settled..<columns {
        let column = order[place]
        let length = -Double(costs[column]) - prices[column] - offset
        if length < distance[column] {
          distance[column] = length
          tree.predecessor[column] = row
        }
        guard distance[column] <= least else { continue }
        if distance[column] < least || rowOfColumn[column] == AssignmentSearch.none { best = place }
        least = distance[column]
      }
    }
    (order[settled], order[best]) = (order[best], order[settled])
  }

  private mutating func swapAlong(
    _ predecessor: UnsafePointer<Int>, from start: Int, to end: Int
  ) {
    var (column, row) = (end, AssignmentSearch.none)
    while row != start {
      row = predecessor[column]
      let next = columnOfRow[row]
      assign(row, column)
      column = next
    }
  }
}
