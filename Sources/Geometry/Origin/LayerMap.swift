import Glibc
import LinearAlgebra

/// How alike the hidden units of every layer of A are to those of every layer of B: which layer of
/// one became which of the other.
///
/// A sample of A's units finds the pairs that belong together, and those are compared again with
/// all units. Only the second comparison certifies, so that its bound needs no correction but for
/// the number of pairs.
public struct LayerMap: Sendable {
  /// The layers of A that have hidden units.
  public let layersOfA: [Int]
  /// The layers of B that have hidden units.
  public let layersOfB: [Int]
  /// Units of A looked at for each pair, at most.
  public let rows: Int
  /// ln of the bound on each pair's ranks by the sample, [layers of A, layers of B]; NaN where
  /// units have vectors of different shapes.
  public let logRankBounds: [Double]
  /// ln of 0.05 over all pairs: what a pair has to reach to be assigned.
  public let logChance: Double
  /// For each layer of A the position of the layer of B assigned to it, or `nil` if there are more
  /// of A than of B or none is likely.
  public let assignment: [Int?]
  /// For each layer of A ln of the bound by all units, with the layer assigned to it; NaN without.
  public let logWholeBounds: [Double]
  /// ln of the certified p-value: the least bound by all units, corrected for all pairs and the
  /// stages planned.
  public let logCertified: Double

  /// Units of A looked at for each pair, unless said otherwise.
  public static let defaultRows = 512
  /// More pairs of layers than any two models have.
  static let mostPairs = 1 << 18

  /// Compares all pairs; `nil` if no layers of the two models have hidden units of one shape, or
  /// there are more than ``mostPairs`` pairs.
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
    let comparison = LayerComparison(
      a: a.filter { $0.kind == .hidden }, b: b.filter { $0.kind == .hidden }, seed: seed,
      resources: resources)
    guard comparison.a.count * comparison.b.count <= LayerMap.mostPairs,
      comparison.pairCount > 0
    else { return nil }
    logRankBounds = try comparison.bounds(rows: rows)
    logChance = log(0.05 / Double(comparison.pairCount))
    assignment = LayerMap.assign(
      logRankBounds, rows: comparison.a.count, columns: comparison.b.count,
      logLevel: logChance)
    logWholeBounds = try comparison.bounds(of: assignment)
    (layersOfA, layersOfB) = (comparison.a.compactMap(\.layer), comparison.b.compactMap(\.layer))
    self.rows = rows
    let least = logWholeBounds.reduce(0) { $1.isNaN ? $0 : min($0, $1) }
    logCertified = min(0, least + log(Double(comparison.pairCount)) + log(Double(plannedStages)))
  }

  /// Whether two layers were found to belong together.
  func assigns(_ layerOfA: Int?, to layerOfB: Int?) -> Bool {
    zip(layersOfA, assignment).contains { layer, position in
      layer == layerOfA && position.map { layersOfB[$0] == layerOfB } ?? false
    }
  }

  /// The assignment with the greatest sum of −ln p; pairs that are as chance has them stay without.
  private static func assign(
    _ bounds: [Double], rows: Int, columns: Int, logLevel: Double
  ) -> [Int?] {
    let scores = Matrix(
      rows: rows, columns: columns, elements: bounds.map { $0.isNaN ? 0 : Float(-$0) })
    var assigned = [Int?](repeating: nil, count: rows)
    if rows <= columns {
      assigned = linearAssignment(maximizing: scores).columns
    } else {
      for (column, row) in linearAssignment(maximizing: scores.transposed).columns.enumerated() {
        assigned[row] = column
      }
    }
    return assigned.enumerated().map { row, column in
      column.flatMap { bounds[row * columns + $0] <= logLevel ? $0 : nil }
    }
  }
}

/// The hidden units of all layers of two models.
private struct LayerComparison {
  let a: [UnitGroup]
  let b: [UnitGroup]
  let seed: UInt64
  let resources: WalkResources

  /// Pairs whose vectors have one shape.
  var pairCount: Int {
    a.reduce(0) { sum, group in sum + b.count { group.mismatch(with: $0) == nil } }
  }

  /// The bound of each pair by a sample of units, NaN where shapes differ.
  func bounds(rows: Int) throws -> [Double] {
    let others = try b.map { try ScaledGroup($0, threads: resources.threads) }
    return try a.enumerated().flatMap { index, group in
      let mine = try ScaledGroup(group, threads: resources.threads)
      return try others.map { other in
        group.mismatch(with: other.group) == nil
          ? try bound(mine, other, rows: rows, stream: index) : .nan
      }
    }
  }

  /// The bound of each layer of A with the layer assigned to it by all units, NaN without one.
  func bounds(of assignment: [Int?]) throws -> [Double] {
    try zip(a, assignment).enumerated().map { index, pair in
      guard let position = pair.1 else { return .nan }
      return try bound(
        ScaledGroup(pair.0, threads: resources.threads),
        ScaledGroup(b[position], threads: resources.threads), rows: nil, stream: index)
    }
  }

  private func bound(
    _ mine: ScaledGroup, _ other: ScaledGroup, rows: Int?, stream: Int
  ) throws -> Double {
    try UnitEvidence(
      SimilarityProduct(a: mine, b: other, resources: resources), rows: rows,
      randomness: RandomStream(seed: seed, stream: UInt64(stream))
    ).logRankBound
  }
}
