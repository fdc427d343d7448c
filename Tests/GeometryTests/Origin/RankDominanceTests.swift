import Glibc
import LinearAlgebra
import Testing

@testable import Geometry

@Suite struct RankDominanceTests {
  /// ln P(N >= n) of a Poisson number of mean λ, by mpmath.
  static let poissonTails: [(mean: Double, count: Int, tail: Double)] = [
    (1, 2, -1.3308932682040545), (1, 3, -2.5219682600313998), (1, 5, -5.6103339828971544),
    (1, 20, -43.286938928750459), (11, 12, -0.86575628727935741), (11, 13, -1.1669874449720242),
    (11, 33, -16.539186979966139), (11, 55, -47.225544819606879), (11, 220, -453.62618845240193),
    (37, 38, -0.78432688779014131), (37, 39, -0.93468201803498533), (37, 111, -50.821514505446731),
    (37, 185, -153.05410809006287), (37, 740, -1518.0130401213048),
  ]

  @Test(
    "The bound is not below the tail of Poisson, and above by no more than Stirling's factor",
    arguments: poissonTails)
  func poisson(mean: Double, count: Int, tail: Double) {
    let bound = RankDominance.logBound(count: count, mean: mean)
    #expect(bound >= tail)
    // Far out the tail is e^-λ λ^n / n!, so the bound is λ! e^λ / λ^λ < √(2πλ) e^(1 / 12λ) times
    // it.
    #expect(bound <= tail + log(2 * Double.pi * mean) / 2 + 1 / (12 * mean))
  }

  @Test("33 ranks below 11 have probability 3.7e-7 at most")
  func example() {
    // 11^22 · 11! / 33! by hand
    #expect(abs(exp(RankDominance.logBound(count: 33, mean: 11)) - 3.74e-7) < 0.01e-7)
  }

  @Test("As many as chance gives, or none, are certain")
  func certain() {
    #expect(RankDominance.logBound(count: 11, mean: 11) == 0)
    #expect(RankDominance.logBound(count: 0, mean: 0) == 0)
    #expect(RankDominance.logBound(count: 0, mean: 1) == 0)
    #expect(RankDominance.logBound(count: 1, mean: 1.5) == 0)
    #expect(RankDominance(ranks: [], blockLength: 8).logProbability == 0)
  }

  @Test("The grid is every power of two up to a quarter of the units, and 1")
  func grid() {
    #expect(RankDominance.grid(blockLength: 1) == [1])
    #expect(RankDominance.grid(blockLength: 7) == [1])
    #expect(RankDominance.grid(blockLength: 8) == [1, 2])
    #expect(RankDominance.grid(blockLength: 3072).last == 512)
  }

  @Test("Units that all come first have the probability of one order of all, but for the grid")
  func allFirst() {
    let dominance = RankDominance(ranks: Array(repeating: 0, count: 100), blockLength: 100)
    #expect(dominance.bestK == 1)
    #expect(abs(dominance.logProbability - (log(5) - LogProbability.factorial(100))) < 1e-9)
  }

  @Test("Ranks are counted by powers of two")
  func histogram() {
    #expect(RankDominance.histogram(of: [0, 0, 1, 2, 3, 4, 7], blockLength: 8) == [2, 1, 2, 2])
    #expect(RankDominance.histogram(of: [0], blockLength: 1) == [1])
    #expect(RankDominance.histogram(of: [], blockLength: 5) == [0, 0, 0, 0])
  }

  /// Every order in which `rows` of `count` labels can be given out.
  static func labelings(rows: Int, of count: Int) -> [[Int]] {
    guard rows > 0 else { return [[]] }
    return labelings(rows: rows - 1, of: count).flatMap { start in
      (0..<count).filter { !start.contains($0) }.map { start + [$0] }
    }
  }

  /// The ranks of rows that are given labels, ties counted against them.
  private func ranks(_ likeness: Matrix, _ labels: [Int]) -> [Int] {
    labels.enumerated().map { row, label in
      (0..<likeness.columns).count {
        $0 != label && likeness[row, $0] >= likeness[row, label]
      }
    }
  }

  @Test("Over all labels of any likenesses, no p-value is more frequent than it says")
  func exactness() {
    for (rows, size) in [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (2, 5), (3, 5), (1, 4)] {
      for seed in 0..<12 as Range<UInt64> {
        // Rounded to halves, so that there are ties.
        var likeness = Matrix.normal(rows, size, seed: seed)
        likeness.withUnsafeMutableElements { elements in
          for index in elements.indices { elements[index] = (elements[index] * 2).rounded() / 2 }
        }
        let values = RankDominanceTests.labelings(rows: rows, of: size).map {
          RankDominance(ranks: ranks(likeness, $0), blockLength: size).logProbability
        }
        expectNotTooFrequent(values)
      }
    }
  }

  @Test("So it is for labels of two blocks that are given out apart")
  func exactnessOfBlocks() {
    let all = RankDominanceTests.labelings(rows: 3, of: 3)
    for seed in 0..<12 as Range<UInt64> {
      let blocks = (Matrix.normal(3, 3, seed: 2 * seed), Matrix.normal(3, 3, seed: 2 * seed + 1))
      let values = all.flatMap { first in
        all.map { second in
          RankDominance(
            ranks: ranks(blocks.0, first) + ranks(blocks.1, second), blockLength: 3
          ).logProbability
        }
      }
      expectNotTooFrequent(values)
    }
  }

  private func expectNotTooFrequent(_ values: [Double]) {
    for value in Set(values) {
      let share = Double(values.count { $0 <= value }) / Double(values.count)
      #expect(share <= exp(value) * (1 + 1e-12))
    }
  }
}
