import Glibc
import LinearAlgebra
import Testing

@testable import Geometry

@Suite struct TraceStatisticTests {
  /// The statistic of a block whose rows have the labels of their numbers.
  private func add(_ likeness: Matrix, to statistic: inout TraceStatistic) {
    func row(_ row: Int) -> [Double] { (0..<likeness.columns).map { Double(likeness[row, $0]) } }
    let rows = (0..<likeness.rows).map(row)
    statistic.addBlock(
      diagonal: rows.indices.map { rows[$0][$0] }, rowSums: rows.map { $0.reduce(0, +) },
      columnSums: (0..<likeness.columns).map { column in rows.reduce(0) { $0 + $1[column] } },
      squares: rows.joined().reduce(0) { $0 + $1 * $1 })
  }

  /// The sums over all ways to give rows labels.
  private func sums(_ likeness: Matrix) -> [Double] {
    RankDominanceTests.labelings(rows: likeness.rows, of: likeness.columns).map { labels in
      labels.enumerated().reduce(0) { $0 + Double(likeness[$1.offset, $1.element]) }
    }
  }

  private func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
  }

  @Test(
    "Moments are those over all labelings, also of fewer rows than labels",
    arguments: [(4, 4), (5, 5), (2, 4), (1, 4), (3, 5), (2, 2)])
  func moments(rows: Int, size: Int) {
    for seed in 0..<5 as Range<UInt64> {
      let likeness = Matrix.normal(rows, size, seed: seed)
      var statistic = TraceStatistic()
      add(likeness, to: &statistic)
      let expected = moments(sums(likeness))
      let trace = (0..<rows).reduce(0) { $0 + Double(likeness[$1, $1]) }
      #expect(abs(statistic.variance - expected.variance) < 1e-12 * max(1, expected.variance))
      let excess = (trace - expected.mean) / Double(rows)
      #expect(abs(statistic.excessLikeness - excess) < 1e-12)
      #expect(abs(statistic.meanLikeness - trace / Double(rows)) < 1e-12)
    }
  }

  @Test("Moments of independent blocks add up")
  func blocks() {
    let blocks = [Matrix.normal(3, 3, seed: 1), Matrix.normal(3, 3, seed: 2)]
    var statistic = TraceStatistic()
    for block in blocks { add(block, to: &statistic) }
    let all = sums(blocks[0]).flatMap { first in sums(blocks[1]).map { first + $0 } }
    #expect(abs(statistic.variance - moments(all).variance) < 1e-12)
    #expect(statistic.rows == 6)
  }

  @Test("Where nothing varies z is 0, and there is no evidence")
  func constant() {
    var statistic = TraceStatistic()
    add(Matrix(rows: 4, columns: 4, repeating: 0.5), to: &statistic)
    #expect(statistic.z == 0)
    #expect(statistic.logProbability == log(0.5))
    var single = TraceStatistic()
    add(Matrix(rows: 1, columns: 1, repeating: 3), to: &single)
    #expect(single.z == 0)
    #expect(single.logProbability == 0)
  }

  @Test("No probability is below that of one labeling among all")
  func clipped() {
    var likeness = Matrix(rows: 5, columns: 5)
    for unit in 0..<5 { likeness[unit, unit] = 1 }
    var statistic = TraceStatistic()
    add(likeness, to: &statistic)
    #expect(statistic.z == 4)  // S = 5, E = 1, Var = 1
    #expect(statistic.logProbability == -log(120))
  }
}
