import Checkpoints
import Glibc
import LinearAlgebra
import TestSupport
import Testing

@testable import Geometry

@Suite struct UnitScalingTests {
  /// A matrix with the rows of some units replaced.
  private func replacing(
    _ matrix: Matrix, _ rows: Range<Int>, with value: (Int) -> Float
  ) -> Matrix {
    var matrix = matrix
    for row in rows {
      for column in 0..<matrix.columns { matrix[row, column] = value(column) }
    }
    return matrix
  }

  @Test("Units without a difference are last in rank, and no evidence")
  func constant() throws {
    let normal = Matrix.normal(64, 24, seed: 1)
    let constants = [
      Matrix(rows: 64, columns: 24), Matrix(rows: 64, columns: 24, repeating: 0.1),
      replacing(normal, 0..<64) { Float($0) * 0.3 },
    ]
    for constant in constants {
      for pair in [(constant, constant), (constant, normal), (normal, constant)] {
        let found = try evidence([pair.0], [pair.1], shuffles: 9)
        #expect(found.ranks == Array(repeating: 63, count: 64))
        #expect(found.z == 0)
        #expect(found.logRankBound == 0)
        #expect(found.logNormalTail == log(0.5))
        #expect(found.logMonteCarlo == 0)
        #expect(found.likeness == 0)
      }
    }
  }

  @Test("Pruned units, zero in both models, rank behind each other")
  func pruned() throws {
    let pair = [1, 2].map { replacing(.normal(64, 24, seed: $0), 10..<30) { _ in 0 } }
    let found = try evidence([pair[0]], [pair[1]])
    #expect(found.ranks[10..<30].allSatisfy { $0 >= 19 })
  }

  @Test("Units that another one repeats never come first")
  func repeated() throws {
    let pair = [1, 2].map { seed in
      Matrix.normal(32, 24, seed: seed).rows((0..<64).map { $0 / 2 })
    }
    let found = try evidence([pair[0]], [pair[1]])
    #expect(found.ranks.allSatisfy { $0 >= 1 })
    #expect(found.firsts == 0)
  }

  @Test("Weights whose norms have no reciprocal in binary32 are taken as zero, not as NaN")
  func subnormal() throws {
    let pair = [1, 2].map { Matrix.normal(64, 24, seed: $0).scaled(by: 0x1p-136) }
    let found = try evidence([pair[0]], [pair[1]])
    #expect(found.ranks == Array(repeating: 63, count: 64))
    #expect(found.z == 0)
    #expect(found.rankHistogram.reduce(0, +) == 64)
  }

  @Test("Large and small weights are scaled alike", arguments: [1e-30, 1e30] as [Float])
  func range(factor: Float) throws {
    let a = Matrix.normal(64, 24, seed: 1)
    let b = a.relative(correlation: 0.3, seed: 2)
    #expect(
      try evidence([a.scaled(by: factor)], [b]).ranks == evidence([a], [b]).ranks)
  }

  @Test(
    "NaN and infinite weights are errors that name the tensor", arguments: [Float.nan, .infinity])
  func nonfinite(value: Float) throws {
    for areColumns in [false, true] {
      var matrix = Matrix.normal(20, 10, seed: 1)
      matrix[7, 3] = value
      let group = try unitGroup(
        [.normal(20, 10, seed: 2), matrix], areColumns: areColumns)
      let error = try #require(throws: CheckpointError.self) {
        try UnitScaling(group, foldsGain: false, threads: 2)
      }
      #expect(error.description.contains("view1"))
      #expect(error.description.contains("NaN, infinite"))
    }
  }
}
