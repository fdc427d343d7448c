import Testing

@testable import LinearAlgebra

@Suite struct LinearAssignmentTests {
  private static func scores(
    _ rows: Int, _ columns: Int, seed: UInt64, _ value: (inout RandomStream) -> Float
  ) -> Matrix {
    var random = RandomStream(seed: seed)
    let elements = (0..<rows * columns).map { _ in value(&random) }
    return Matrix(rows: rows, columns: columns, elements: elements)
  }

  private func total(_ columns: [Int], _ scores: Matrix) -> Double {
    LinearAssignment(columns: columns, scores: scores).total
  }

  private func expectOptimal(_ scores: Matrix, total optimum: Double) {
    // Whole numbers are added without error.
    let found = linearAssignment(maximizing: scores)
    #expect(Set(found.columns).count == scores.rows)
    #expect(found.total == optimum)
    #expect(total(found.columns, scores) == found.total)
    #expect(total(optimalColumns(scores), scores) == optimum)
  }

  @Test("No assignment of a small matrix is better", arguments: 1...7)
  func bruteForce(rows: Int) {
    for columns in rows...7 {
      for seed in 0..<30 as Range<UInt64> {
        let scores = LinearAssignmentTests.scores(rows, columns, seed: seed) {
          Float($0.next(below: 100) - 50)
        }
        expectOptimal(scores, total: bestOfAll(scores))
      }
    }
  }

  @Test("Ties of every kind change nothing", arguments: 1...4)
  func ties(values: Int) {
    for (rows, columns) in [(2, 2), (3, 5), (5, 5), (6, 6), (6, 7)] {
      for seed in 0..<50 as Range<UInt64> {
        let scores = LinearAssignmentTests.scores(rows, columns, seed: seed) {
          Float($0.next(below: values))
        }
        expectOptimal(scores, total: bestOfAll(scores))
      }
    }
  }

  /// The greatest total of all assignments.
  private func bestOfAll(_ scores: Matrix, row: Int = 0, taken: Set<Int> = []) -> Double {
    guard row < scores.rows else { return 0 }
    return (0..<scores.columns).filter { !taken.contains($0) }.map { column in
      Double(scores[row, column]) + bestOfAll(scores, row: row + 1, taken: taken.union([column]))
    }.max() ?? 0
  }

  @Test("A permutation matrix is found", arguments: [1, 2, 10, 65])
  func permutation(size: Int) {
    var random = RandomStream(seed: 3)
    let order = random.permutation(of: size)
    var scores = Matrix(rows: size, columns: size)
    for row in 0..<size { scores[row, order[row]] = 1 }
    #expect(linearAssignment(maximizing: scores).columns == order)
    #expect(optimalColumns(scores) == order)
  }

  @Test("Where the rows' greatest elements decide, the full search finds the same")
  func certificate() {
    for seed in 0..<20 as Range<UInt64> {
      var random = RandomStream(seed: seed)
      let order = random.permutation(of: 40)
      var scores = LinearAssignmentTests.scores(40, 40, seed: seed + 100) { Float($0.normal()) }
      for row in 0..<40 { scores[row, order[row]] += 20 }
      #expect(distinctGreatest(scores) == order)
      #expect(optimalColumns(scores) == order)
    }
    #expect(distinctGreatest(Matrix(rows: 2, columns: 2, elements: [1, 0, 1, 0])) == nil)
  }

  @Test(
    "Large matrices agree with a plain search", arguments: [(200, 200), (120, 200), (199, 200)])
  func plainSearch(rows: Int, columns: Int) {
    for seed in 0..<5 as Range<UInt64> {
      let normal = LinearAssignmentTests.scores(rows, columns, seed: seed) { Float($0.normal()) }
      let found = linearAssignment(maximizing: normal)
      // Two hundred additions of numbers below 10.
      #expect(abs(found.total - total(hungarian(normal), normal)) < 200 * 2000 * 0x1p-52)
      let whole = LinearAssignmentTests.scores(rows, columns, seed: seed) {
        Float($0.next(below: 1000))
      }
      expectOptimal(whole, total: total(hungarian(whole), whole))
    }
  }

  /// The O(rows² · columns) method with potentials, as textbooks have it.
  private func hungarian(_ scores: Matrix) -> [Int] {
    let (rows, columns) = (scores.rows, scores.columns)
    var (u, v) = (
      [Double](repeating: 0, count: rows + 1), [Double](repeating: 0, count: columns + 1)
    )
    var owner = [Int](repeating: 0, count: columns + 1)
    for row in 1...rows {
      owner[0] = row
      var least = [Double](repeating: .infinity, count: columns + 1)
      var (way, used) = ([Int](repeating: 0, count: columns + 1), Set<Int>())
      var column = 0
      repeat {
        used.insert(column)
        var (next, step) = (0, Double.infinity)
        for candidate in 1...columns where !used.contains(candidate) {
          let cost =
            -Double(scores[owner[column] - 1, candidate - 1]) - u[owner[column]] - v[candidate]
          if cost < least[candidate] { (least[candidate], way[candidate]) = (cost, column) }
          if least[candidate] < step { (next, step) = (candidate, least[candidate]) }
        }
        for other in 0...columns {
          if used.contains(other) {
            u[owner[other]] += step
            v[other] -= step
          } else {
            least[other] -= step
          }
        }
        column = next
      } while owner[column] != 0
      while column != 0 {
        owner[column] = owner[way[column]]
        column = way[column]
      }
    }
    var result = [Int](repeating: 0, count: rows)
    for column in 1...columns where owner[column] != 0 { result[owner[column] - 1] = column - 1 }
    return result
  }

  @Test("Rows that differ by rounding errors only come to an end")
  func nearlyEqual() {
    let scores = LinearAssignmentTests.scores(60, 60, seed: 9) { random in
      1 + Float(random.next(below: 3)) * 0x1p-23
    }
    let best = linearAssignment(maximizing: scores)
    #expect(best.total == total(hungarian(scores), scores))
    #expect(Set(best.columns).count == 60)
  }

  @Test("Nothing is assigned to nothing")
  func empty() {
    #expect(linearAssignment(maximizing: Matrix(rows: 0, columns: 0)).columns == [])
    #expect(linearAssignment(maximizing: Matrix(rows: 0, columns: 3)).total == 0)
  }
}
