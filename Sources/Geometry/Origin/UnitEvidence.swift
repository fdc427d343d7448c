import Glibc
import LinearAlgebra

/// What one group of units tells about a common origin.
public struct UnitEvidence: Sendable {
  /// `mlp.3`, or `res`.
  public let name: String
  /// Which units.
  public let kind: UnitKind
  /// The layer of A, or `nil` for groups of the whole model.
  public let layer: Int?
  /// Blocks (heads) within which labels are exchangeable.
  public let blockCount: Int
  /// Units of a block, h.
  public let blockLength: Int
  /// The rank of each unit looked at: how many other units of B are at least as like it as the
  /// unit of B with its own label, block after block.
  public let ranks: [Int]
  /// The likeness of units of the same label, against its law under shuffled labels.
  let trace: TraceStatistic
  let dominance: RankDominance
  /// ln of the Monte Carlo p-value, (1 + #{as large}) / (1 + shuffles); `nil` if not asked for.
  public let logMonteCarlo: Double?

  /// Mean correlation of units of the same label, ρ.
  public var likeness: Double { trace.meanLikeness }
  /// ρ less what chance gives.
  public var excessLikeness: Double { trace.excessLikeness }
  /// (S − E S) / √Var S of the sum S of correlations; standard normal under the null, nearly.
  public var z: Double { trace.z }
  /// ln P(N > z).
  public var logNormalTail: Double { trace.logProbability }
  /// ln of the certified p-value of the ranks.
  public var logRankBound: Double { dominance.logProbability }
  /// The k whose count gave it.
  public var bestK: Int { dominance.bestK }
  /// Whether likenesses differ at all: not where all units are alike, as in zero or constant
  /// tensors.
  var varies: Bool { trace.variance > 0 }
  /// Units of rank below ``bestK``.
  public var bestCount: Int { ranks.count { $0 < dominance.bestK } }
  /// Units that are most like the unit of their own label.
  public var firsts: Int { ranks.count { $0 == 0 } }
  /// Units of rank 0, of 1, of 2 and 3, of 4 to 7, and so on.
  public var rankHistogram: [Int] {
    RankDominance.histogram(of: ranks, blockLength: blockLength)
  }
}

extension UnitEvidence {
  /// Compares the units of two groups that match.
  ///
  /// - Parameters:
  ///   - product: the groups.
  ///   - rows: how many units of A to look at, drawn at random; `nil` is all. Only for groups of
  ///     one block.
  ///   - shuffles: how many random labelings to compare with; 0 for none.
  ///   - randomness: draws them.
  /// - Throws: `CheckpointError` if a file cannot be read.
  init(
    _ product: SimilarityProduct, rows: Int? = nil, shuffles: Int = 0, randomness: RandomStream
  ) throws {
    let group = product.a.group
    var randomness = randomness
    let sample = UnitEvidence.sample(of: group, count: rows, &randomness)
    let labelings = (0..<shuffles).map { _ in
      (0..<group.blockCount).map { _ in
        randomness.permutation(of: group.blockLength).map { Int32($0) }
      }
    }
    var tally = UnitTally(product, rows: sample, labelings: labelings)
    try product.forEachRegion(rows: sample) { try tally.add($0, $1) }
    (name, kind, layer) = (group.name, group.kind, group.layer)
    (blockCount, blockLength) = (group.blockCount, group.blockLength)
    (trace, ranks) = (tally.trace(), tally.ranks)
    dominance = RankDominance(ranks: ranks, blockLength: group.blockLength)
    logMonteCarlo = shuffles == 0 ? nil : tally.logMonteCarlo()
  }

  private static func sample(
    of group: UnitGroup, count: Int?, _ randomness: inout RandomStream
  ) -> [Int] {
    guard let count, group.blockCount == 1, count < group.blockLength else {
      return Array(0..<group.blockLength)
    }
    return randomness.permutation(of: group.blockLength).prefix(count).sorted()
  }
}
