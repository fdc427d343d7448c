import Checkpoints
import Glibc
import LinearAlgebra
import TestSupport
import Testing

@testable import Geometry

@Suite struct UnitEvidenceTests {
  /// Likenesses as their definition reads, in binary64.
  private func plainly(_ a: [Matrix], _ b: [Matrix], block: Range<Int>) -> [[Double]] {
    let pairs = zip(a, b).map { (scaled($0, block), scaled($1, block)) }
    return block.indices.map { row in
      block.indices.map { column in
        pairs.reduce(0) { sum, views in
          let (x, y) = (views.0[row - block.lowerBound], views.1[column - block.lowerBound])
          return sum + zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } / Double(a.count)
        }
      }
    }
  }

  /// The rows of a block less their mean, of norm 1.
  private func scaled(_ matrix: Matrix, _ block: Range<Int>) -> [[Double]] {
    let rows = block.map { row in (0..<matrix.columns).map { Double(matrix[row, $0]) } }
    let means = (0..<matrix.columns).map { column in
      rows.reduce(0) { $0 + $1[column] } / Double(rows.count)
    }
    return rows.map { row in
      let centred = zip(row, means).map { $0 - $1 }
      let norm = centred.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return norm > 0 ? centred.map { $0 / norm } : centred
    }
  }

  @Test("Ranks, ρ and z are those of the definition", arguments: [1, 2, 3])
  func definition(blockCount: Int) throws {
    let a = [Matrix.normal(300, 40, seed: 1), Matrix.normal(300, 27, seed: 2)]
    let b = a.enumerated().map { $1.relative(correlation: 0.3, seed: UInt64(10 + $0)) }
    let found = try evidence(a, b, blockCount: blockCount)
    var (ranks, trace) = ([Int](), TraceStatistic())
    for first in stride(from: 0, to: 300, by: 300 / blockCount) {
      let likeness = plainly(a, b, block: first..<first + 300 / blockCount)
      for (unit, row) in likeness.enumerated() {
        ranks.append(row.indices.count { $0 != unit && row[$0] >= row[unit] - 2e-6 })
      }
      trace.addBlock(
        diagonal: likeness.indices.map { likeness[$0][$0] },
        rowSums: likeness.map { $0.reduce(0, +) },
        columnSums: likeness.indices.map { column in likeness.reduce(0) { $0 + $1[column] } },
        squares: likeness.joined().reduce(0) { $0 + $1 * $1 })
    }
    #expect(found.ranks == ranks)
    // Scaled features and products are binary32: 1e-7 of each likeness, averaged over units.
    #expect(abs(found.likeness - trace.meanLikeness) < 1e-6)
    #expect(abs(found.z - trace.z) < 1e-4 * trace.z)
  }

  /// Correlation, and log10 of the bound expected: that of the mean of N_k for units whose
  /// likeness is normal of mean ρ and variance (1 − ρ²) / D, among others of variance 1 / D.
  /// The same calculation for h = 3072 and d = 768 gives −9380, −5895 and −1353.
  static let powers: [(correlation: Double, logBound: Double)] = [
    (0.5, -1165.6), (0.1, -144.7), (0, 0),
  ]

  @Test("Power is what theory says: z within 3 % and 3, the bound within 15 %", arguments: powers)
  func power(correlation: Double, logBound: Double) throws {
    let found = try layer(hidden: 512, width: 128, correlation: correlation)
    expectPower(found, hidden: 512, width: 128, correlation: correlation)
    #expect(abs(found.logRankBound / log(10) - logBound) <= 0.15 * abs(logBound))
  }

  /// Correlation, and log10 of the bound that NumPy found for a layer as large as GPT-2's.
  static let fullPowers: [(correlation: Double, logBound: Double)] = [
    (0.5, -9380), (0.1, -5926), (0.05, -1356), (0.03, -459), (0.01, -46.5),
  ]

  @Test("So it is for a layer of GPT-2's size", arguments: fullPowers)
  func fullPower(correlation: Double, logBound: Double) throws {
    let found = try layer(hidden: 3072, width: 768, correlation: correlation)
    expectPower(found, hidden: 3072, width: 768, correlation: correlation)
    #expect(abs(found.logRankBound / log(10) - logBound) <= 0.15 * abs(logBound))
  }

  private func layer(hidden: Int, width: Int, correlation: Double) throws -> UnitEvidence {
    let a = (0..<2).map { Matrix.normal(hidden, width, seed: 100 + $0) }
    let b = a.enumerated().map { $1.relative(correlation: correlation, seed: UInt64(200 + $0)) }
    return try evidence(a, b)
  }

  private func expectPower(_ found: UnitEvidence, hidden: Int, width: Int, correlation: Double) {
    let (features, units) = (Double(2 * width), Double(hidden))
    let expected =
      correlation * (units * features).squareRoot()
      / (1 + correlation * correlation * features / units).squareRoot()
    #expect(abs(found.z - expected) < 3 + 0.03 * expected)
    #expect(abs(found.likeness - correlation) < 0.01)
  }

  @Test("The same order of both models' units changes nothing but the order of ranks")
  func commonOrder() throws {
    let a = [Matrix.normal(90, 30, seed: 1)]
    let b = [a[0].relative(correlation: 0.2, seed: 2)]
    var randomness = RandomStream(seed: 3)
    let order = randomness.permutation(of: 90)
    let before = try evidence(a, b)
    let after = try evidence(a.map { $0.rows(order) }, b.map { $0.rows(order) })
    #expect(after.ranks == order.map { before.ranks[$0] })
    #expect(after.logRankBound == before.logRankBound)
    // Sums are taken in another order.
    #expect(abs(after.z - before.z) < 1e-4)
  }

  @Test("The length of a unit's vector does not count", arguments: [1e-6, 0.25, 3, 1e6])
  func length(factor: Float) throws {
    // Weights have a common mean of about 0, and so a longer unit moves it.
    let a = Matrix.normal(80, 40, seed: 1)
    let b = a.relative(correlation: 0.3, seed: 2)
    let before = try evidence([a], [b])
    let after = try evidence([a], [b.scaled(by: factor)])
    #expect(after.ranks == before.ranks)
    #expect(abs(after.z - before.z) < 1e-4)
  }

  @Test("Bits depend on neither threads nor memory, whole or by a sample of rows")
  func resources() throws {
    let a = try unitGroup([Matrix.normal(600, 300, seed: 1), Matrix.normal(600, 20, seed: 2)])
    let b = try unitGroup([Matrix.normal(600, 300, seed: 3), Matrix.normal(600, 20, seed: 4)])
    for rows in [nil, 333, 7] as [Int?] {
      let figures = try [(1, 1 << 28), (2, 1 << 28), (1, 0), (3, 0), (2, 5_000_000)].map {
        try UnitEvidence(
          similarity(
            a, b, resources: WalkResources(threads: $0.0, scratchByteCount: $0.1)),
          rows: rows, shuffles: 3, randomness: RandomStream(seed: 5)
        ).figures
      }
      #expect(Set(figures).count == 1)
    }
  }

  @Test("So it is of many small blocks, and after a rotation")
  func resourcesOfBlocks() throws {
    let a = try unitGroup([Matrix.normal(48 * 40, 33, seed: 1)], blockCount: 40)
    let b = try unitGroup([Matrix.normal(48 * 40, 33, seed: 2)], blockCount: 40)
    let rotation = Matrix.randomRotation(33, seed: 3)
    let figures = try [(1, 1 << 28), (2, 0), (3, 0)].map { threads, memory in
      var product = try similarity(
        a, b, resources: WalkResources(threads: threads, scratchByteCount: memory))
      product.rotation = rotation
      return try UnitEvidence(product, randomness: RandomStream(seed: 5)).figures
    }
    #expect(Set(figures).count == 1)
  }

  @Test("Columns are units as rows are")
  func columns() throws {
    let matrices = [Matrix.normal(70, 50, seed: 1), Matrix.normal(70, 50, seed: 2)]
    let b = try unitGroup([matrices[0].relative(correlation: 0.3, seed: 3)])
    let rows = try UnitEvidence(
      similarity(unitGroup([matrices[0]]), b), randomness: RandomStream(seed: 0))
    let columns = try UnitEvidence(
      similarity(unitGroup([matrices[0]], areColumns: true), b), randomness: RandomStream(seed: 0))
    #expect(rows.ranks == columns.ranks)
    #expect(abs(rows.z - columns.z) < 1e-4)
  }

  @Test("A labeling at random is seldom as large as that of kin, and often as that of strangers")
  func monteCarlo() throws {
    let a = [Matrix.normal(64, 32, seed: 1)]
    let kin = try evidence(a, [a[0].relative(correlation: 0.5, seed: 2)], shuffles: 99)
    #expect(kin.logMonteCarlo == log(0.01))
    let strangers = try (0..<20).map { seed in
      try exp(evidence(a, [.normal(64, 32, seed: 50 + seed)], shuffles: 99).logMonteCarlo ?? 0)
    }
    // The mean of 20 uniform numbers is within 3 standard deviations, 0.19, of a half.
    #expect(abs(strangers.reduce(0, +) / 20 - 0.5) < 0.19)
    #expect(try evidence(a, a).logMonteCarlo == nil)
  }

  @Test("A labeling that picks the same likenesses as the labels ties with them", arguments: 1...20)
  func ties(step: Int) throws {
    // Two units have two labelings, and about half of 40 are the labels as they are. Likenesses
    // this small are no multiples of the step in which sums are kept.
    let small = Float(step) * 1.37e-7
    let a = Matrix(rows: 2, columns: 2, elements: [1, 0, -1, 0])
    let b = Matrix(rows: 2, columns: 2, elements: [small, 1, -small, -1])
    let found = try evidence([a], [b], shuffles: 40)
    #expect(exp(try #require(found.logMonteCarlo)) > 0.2)
  }

  @Test("A sample of rows gives no small p-value to strangers, and does to kin")
  func rows() throws {
    let a = [Matrix.normal(200, 24, seed: 1)]
    var bounds: [Double] = []
    for seed in 0..<60 as Range<UInt64> {
      let found = try evidence(a, [.normal(200, 24, seed: 100 + seed)], rows: 40, seed: seed)
      #expect(found.ranks.count == 40)
      bounds.append(found.logRankBound)
    }
    for level in [0.01, 0.05, 0.2] {
      let share = Double(bounds.count { $0 <= log(level) }) / 60
      #expect(share <= level + 3 * (level * (1 - level) / 60).squareRoot())
    }
    let kin = try evidence(a, [a[0].relative(correlation: 0.9, seed: 2)], rows: 40)
    // All 40 of rank 0: λ = 40 / 200, six k to choose from.
    #expect(kin.firsts == 40)
    #expect(abs(kin.logRankBound - (log(6) + 40 * log(0.2) - LogProbability.factorial(40))) < 1e-9)
  }
}

extension Matrix {
  /// Every element times a factor.
  func scaled(by factor: Float) -> Matrix {
    Matrix(rows: rows, columns: columns, elements: elements.map { $0 * factor })
  }
}
