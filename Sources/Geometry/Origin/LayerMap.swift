import Glibc
import LinearAlgebra

/// How alike the hidden units of every layer of A are to those of every layer of B: which layer of one became
/// which of the other.
public struct LayerMap: Sendable {
  /// The layers of A.
  public let layersOfA: [Int]
  /// The layers of B.
  public let layersOfB: [Int]
  /// ln of the bound on each pair's ranks, [layers of A, layers of B].
  public let logRankBounds: [Double]
  /// For each layer of A the position of the layer of B assigned to it, or `nil` if there are more of A than of B
  /// or none is likely.
  public let assignment: [Int?]
  /// ln of the certified p-value: the least bound, corrected for all pairs and the stages planned.
  public let logCertified: Double

  /// Units of A looked at for each pair, unless said otherwise.
  public static let defaultRows = 512

  /// Compares all pairs; `nil` if the models have no hidden units of one shape.
  ///
  /// - Parameters:
  ///   - a: the groups of A.
  ///   - b: the groups of B.
  ///   - rows: units of A to look at.
  ///   - seed: draws them.
  ///   - plannedStages: for the correction.
  ///   - resources: how much of the machine to use.
  /// - Throws: `CheckpointError` if a file cannot be read, or a weight is NaN or infinite.
  init?(
    _ a: [UnitGroup], _ b: [UnitGroup], rows: Int, seed: UInt64, plannedStages: Int,
    resources: WalkResources
  ) throws {
    let (left, right) = (a.filter { $0.kind == .hidden }, b.filter { $0.kind == .hidden })
    guard let first = left.first,
      (left + right).allSatisfy({ $0.mismatch(with: first) == nil }), !right.isEmpty
    else { return nil }
    let others = try right.map { try ScaledGroup($0, threads: resources.threads) }
    var bounds: [Double] = []
    for (index, group) in left.enumerated() {
      let mine = try ScaledGroup(group, threads: resources.threads)
      for other in others {
        let evidence = try UnitEvidence(
          SimilarityProduct(a: mine, b: other, resources: resources), rows: rows,
          randomness: RandomStream(seed: seed, stream: UInt64(index)))
        bounds.append(evidence.logRankBound)
      }
    }
    (layersOfA, layersOfB) = (left.compactMap(\.layer), right.compactMap(\.layer))
    logRankBounds = bounds
    assignment = LayerMap.assign(bounds, rows: left.count, columns: right.count)
    logCertified = min(
      0, (bounds.min() ?? 0) + log(Double(max(bounds.count, 1))) + log(Double(plannedStages)))
  }

  /// The assignment with the greatest sum of −ln p; pairs that are as chance has them stay without.
  private static func assign(_ bounds: [Double], rows: Int, columns: Int) -> [Int?] {
    let scores = Matrix(rows: rows, columns: columns, elements: bounds.map { Float(-$0) })
    var assigned = [Int?](repeating: nil, count: rows)
    if rows <= columns {
      for (row, column) in linearAssignment(maximizing: scores).columns.enumerated() {
        assigned[row] = column
      }
    } else {
      for (column, row) in linearAssignment(maximizing: scores.transposed).columns.enumerated() {
        assigned[row] = column
      }
    }
    let chance = log(0.05 / Double(max(bounds.count, 1)))
    return assigned.enumerated().map { row, column in
      column.flatMap { bounds[row * columns + $0] <= chance ? $0 : nil }
    }
  }
}
