import Glibc

/// How often a unit of one model is, among all units of the other, most like the unit of its own
/// number, and how unlikely that many are by chance.
///
/// With C[i, j] the likeness of unit i of A and unit j of B, the rank of unit i is the number of j
/// ≠ i with C[i, j] ≥ C[i, i]: ties count against. N_k is the number of units of rank below k. If
/// the labels of A's units are exchangeable then, for L independent blocks of h units of which m
/// rows in all are looked at, with λ = m k / h,
///
///     P(N_k ≥ n) ≤ λ^j (n − j)! / n!,  j = n − ⌊λ⌋,  for n > λ
///
/// since a set of j units is of rank below k with probability at most k^j (h − j)! / h!, and by
/// Markov's inequality for the number of such sets. docs/ORIGIN-STATISTICS.md has the proof.
struct RankDominance: Hashable, Sendable {
  /// The ranks counted: 1, 2, 4, … up to a quarter of the block.
  let grid: [Int]
  /// N_k for each of the grid.
  let counts: [Int]
  /// ln of the p-value, corrected for the choice among the grid; at most 0.
  let logProbability: Double
  /// The k of the grid that gave it.
  let bestK: Int

  /// The k that are looked at, fixed before looking.
  ///
  /// - Parameter blockLength: units of a block, h, at least 1.
  /// - Returns: the grid, ascending.
  static func grid(blockLength: Int) -> [Int] {
    Array(sequence(first: 1) { $0 * 2 }.prefix { $0 == 1 || $0 <= blockLength / 4 })
  }

  /// Judges ranks.
  ///
  /// - Parameters:
  ///   - ranks: of each row looked at, in all blocks.
  ///   - blockLength: units of a block, h.
  init(ranks: [Int], blockLength: Int) {
    grid = RankDominance.grid(blockLength: blockLength)
    counts = grid.map { k in ranks.count { $0 < k } }
    let choices = log(Double(grid.count))
    let bounds = zip(grid, counts).map { k, count in
      choices
        + RankDominance.logBound(count: count, mean: Double(ranks.count * k) / Double(blockLength))
    }
    let best = bounds.indices.min { bounds[$0] < bounds[$1] } ?? 0
    (bestK, logProbability) = (grid[best], min(0, bounds[best]))
  }

  /// ln of the bound on P(N ≥ count), where λ is the `mean`; 0 if count ≤ λ.
  static func logBound(count: Int, mean: Double) -> Double {
    guard Double(count) > mean, mean > 0 else { return 0 }
    let kept = Int(mean)
    return min(
      0,
      Double(count - kept) * log(mean) + LogProbability.factorial(kept)
        - LogProbability.factorial(count))
  }

  /// How many ranks fall below each power of two and not below the one before: [0, 1), [1, 2),
  /// [2, 4), …
  ///
  /// - Parameters:
  ///   - ranks: of each row looked at.
  ///   - blockLength: units of a block; no rank reaches it.
  /// - Returns: the counts.
  static func histogram(of ranks: [Int], blockLength: Int) -> [Int] {
    let bins = Int.bitWidth - max(blockLength - 1, 0).leadingZeroBitCount + 1
    var counts = Array(repeating: 0, count: bins)
    for rank in ranks { counts[Int.bitWidth - rank.leadingZeroBitCount] += 1 }
    return counts
  }
}
