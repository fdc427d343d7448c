/// The steps of Jonker and Volgenant's algorithm, with cost[i, j] = −score[i, j].
///
/// At all times, for a row i that has a column p(i), cost[i, j] − price[j] is least at j = p(i);
/// and the price of a column without a row is the greatest a price has ever been there. So when
/// every row has a column, the sum is optimal.
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
    // A price that is not 0 on a column that stays without a row would spoil optimality.
    if rows == columns { reduceColumns() }
    var free = columnOfRow.indices.filter { columnOfRow[$0] == AssignmentSearch.none }
    for _ in 0..<2 where !free.isEmpty { free = reduceRows(free) }
    var tree = PathTree(columns: columns)
    for row in free { augment(from: row, &tree) }
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

// MARK: - Column reduction

extension AssignmentSearch {
  /// Sets each price to the least cost of its column, and gives the column to that row if the
  /// row has none yet.
  private mutating func reduceColumns() {
    var leastRow = [Int](repeating: 0, count: columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let (cost, best) = (row * columns + column, leastRow[column] * columns + column)
        if scores[cost] > scores[best] { leastRow[column] = row }
      }
    }
    var wishes = [Int](repeating: 0, count: rows)
    for column in (0..<columns).reversed() {
      let row = leastRow[column]
      prices[column] = -Double(scores[row * columns + column])
      wishes[row] += 1
      if columnOfRow[row] == AssignmentSearch.none { assign(row, column) }
    }
    for row in 0..<rows where wishes[row] == 1 { transferReduction(of: row) }
  }

  /// Lowers the price of a row's column until another column is as good for it, so that other
  /// rows want it less.
  private mutating func transferReduction(of row: Int) {
    guard columns > 1, columnOfRow[row] != AssignmentSearch.none else { return }
    let column = columnOfRow[row]
    let two = leastTwo(row)
    let slack = (two.first == column ? two.secondCost : two.firstCost) - reducedCost(row, column)
    prices[column] -= max(slack, 0)
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
private struct PathTree {
  /// `[0..<scanned]` are settled and looked from, `[scanned..<reached]` settled at the present
  /// distance, the rest not settled.
  var order: [Int]
  var distance: [Double]
  var predecessor: [Int]
  var scanned = 0
  var reached = 0

  init(columns: Int) {
    order = Array(0..<columns)
    distance = Array(repeating: 0, count: columns)
    predecessor = Array(repeating: 0, count: columns)
  }

  /// Settles the unsettled columns at the least distance.
  mutating func settleNearest() -> Double {
    var least = Double.infinity
    for place in reached..<order.count {
      let length = distance[order[place]]
      guard length <= least else { continue }
      if length < least { (least, reached) = (length, scanned) }
      settle(place)
    }
    return least
  }

  mutating func settle(_ place: Int) {
    order.swapAt(place, reached)
    reached += 1
  }
}

extension AssignmentSearch {
  /// Finds the shortest alternating path from a free row to a free column, and swaps along it.
  private mutating func augment(from row: Int, _ tree: inout PathTree) {
    (tree.scanned, tree.reached) = (0, 0)
    for column in 0..<columns {
      tree.distance[column] = reducedCost(row, column)
      tree.predecessor[column] = row
    }
    var least = 0.0
    var end: Int?
    var settledBefore = 0
    while end == nil {
      if tree.scanned == tree.reached {
        settledBefore = tree.scanned
        least = tree.settleNearest()
        end = tree.order[tree.scanned..<tree.reached].first(where: isFree)
      }
      if end == nil { end = extend(&tree, least) }
    }
    for place in 0..<settledBefore {
      let column = tree.order[place]
      prices[column] += tree.distance[column] - least
    }
    if let end { swapAlong(tree.predecessor, from: row, to: end) }
  }

  private func isFree(_ column: Int) -> Bool { rowOfColumn[column] == AssignmentSearch.none }

  /// Looks from the next settled column for shorter ways to the unsettled ones.
  ///
  /// - Returns: a free column at the present distance, if one turns up.
  private func extend(_ tree: inout PathTree, _ least: Double) -> Int? {
    let from = tree.order[tree.scanned]
    tree.scanned += 1
    let row = rowOfColumn[from]
    let offset = reducedCost(row, from) - least
    for place in tree.reached..<columns {
      let column = tree.order[place]
      let length = reducedCost(row, column) - offset
      guard length < tree.distance[column] else { continue }
      tree.distance[column] = length
      tree.predecessor[column] = row
      guard length <= least else { continue }
      if isFree(column) { return column }
      tree.settle(place)
    }
    return nil
  }

  private mutating func swapAlong(_ predecessor: [Int], from start: Int, to end: Int) {
    var (column, row) = (end, AssignmentSearch.none)
    while row != start {
      row = predecessor[column]
      let next = columnOfRow[row]
      assign(row, column)
      column = next
    }
  }
}
