import Glibc

/// The sum of likenesses of units of the same number, against its law if one model's labels are
/// shuffled.
///
///     S = Σ_i C[i, i],  E S = Σ_i mean_j C[i, j]
///     Var S = (Σ_ij e[i, j]² − (1/h) Σ_j (Σ_i e[i, j])²) / (h − 1)
///     e[i, j] = C[i, j] − mean_j C[i, j]
///
/// for m rows of a block of h units; over independent blocks S, E and Var add up. The moments
/// are exact; that z = (S − E) / √Var is nearly normal is the combinatorial central limit theorem.
///
/// Source: Hoeffding 1951, "A combinatorial central limit theorem", Ann. Math. Stat. 22; for
/// m < h by the same argument, with a random injection in the place of the permutation.
struct TraceStatistic: Hashable, Sendable {
  /// Rows in all blocks.
  private(set) var rows = 0
  private var trace = 0.0
  private var expectation = 0.0
  private(set) var variance = 0.0
  private var logLabelings = 0.0

  /// Adds a block.
  ///
  /// - Parameters:
  ///   - diagonal: C[i, i] of each row.
  ///   - rowSums: Σ_j C[i, j] of each row.
  ///   - columnSums: Σ_i C[i, j] over the rows, for each of the h columns.
  ///   - squares: Σ_ij C[i, j]² over the rows.
  mutating func addBlock(
    diagonal: [Double], rowSums: [Double], columnSums: [Double], squares: Double
  ) {
    let width = Double(columnSums.count)
    let means = rowSums.map { $0 / width }
    let sumOfMeans = means.reduce(0, +)
    let centredSquares = squares - means.reduce(0) { $0 + $1 * $1 } * width
    let columnSquares = columnSums.reduce(0) { $0 + ($1 - sumOfMeans) * ($1 - sumOfMeans) }
    rows += rowSums.count
    trace += diagonal.reduce(0, +)
    expectation += sumOfMeans
    if columnSums.count > 1 {
      variance += max(0, centredSquares - columnSquares / width) / (width - 1)
    }
    logLabelings +=
      LogProbability.factorial(columnSums.count)
      - LogProbability.factorial(columnSums.count - rowSums.count)
  }

  /// Mean likeness of units of the same number, ρ. NaN without rows.
  var meanLikeness: Double { trace / Double(rows) }

  /// Mean likeness above what chance gives. NaN without rows.
  var excessLikeness: Double { (trace - expectation) / Double(rows) }

  /// (S − E) / √Var; 0 if nothing varies.
  var z: Double { variance > 0 ? (trace - expectation) / variance.squareRoot() : 0 }

  /// ln P(N > z), not below the logarithm of one in all labelings.
  var logProbability: Double { max(LogProbability.normalTail(z), -logLabelings) }
}
