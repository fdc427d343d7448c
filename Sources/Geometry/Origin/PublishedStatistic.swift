import Glibc
import LinearAlgebra

/// The published test of shared initialization, φ_U, to compare with: hidden units are matched by
/// the weights that lead to them, and the match is correlated with the identity.
///
/// For each layer the assignment π of greatest total cosine between units of A and of B, by
/// Spearman's
///
///     r = 1 − 6 Σ (π(i) − i)² / (h (h² − 1)),  t = r √((h − 2) / (1 − r²)),  p = P(T_{h−2} > t)
///
/// and all layers by Fisher's method. Student's t is only asymptotically the law of a permutation
/// and falls below what h! orders can tell apart, so ln p is kept from falling below −ln h!.
///
/// Source: Zhu et al. 2025, arXiv 2502.12292, section 4.
public struct PublishedStatistic: Hashable, Sendable {
  /// What one layer tells.
  public struct Layer: Hashable, Sendable {
    /// Its number in A.
    public let layer: Int
    /// Spearman's correlation of the match and the identity, r.
    public let correlation: Double
    /// ln p.
    public let logProbability: Double
  }

  /// Layers with at least three hidden units, in order.
  public let layers: [Layer]

  /// ln of Fisher's combination of all layers; 0 for none.
  public var logCombined: Double { LogProbability.fisher(layers.map(\.logProbability)) }

  /// Matches the hidden units of all layers.
  ///
  /// - Parameters:
  ///   - pairs: groups that match, of any kind.
  ///   - resources: how much of the machine to use.
  /// - Throws: `CheckpointError` if a file cannot be read, or a weight is NaN or infinite.
  /// - Complexity: for h units of d weights 2 h² d operations and an assignment of at most O(h³);
  ///   memory for h² cosines.
  /// - Precondition: ``scratchByteCount(_:)`` is granted.
  init(_ pairs: [(a: UnitGroup, b: UnitGroup)], resources: WalkResources) throws {
    layers = try pairs.filter { $0.a.kind == .hidden && $0.a.blockLength > 2 }.map { pair in
      let matched = linearAssignment(
        maximizing: try PublishedStatistic.cosines(pair.a, pair.b, resources))
      return PublishedStatistic.judge(matched.columns, layer: pair.a.layer ?? 0)
    }
  }

  /// Bytes that the cosines of the widest layer take.
  static func scratchByteCount(_ pairs: [(a: UnitGroup, b: UnitGroup)]) -> Int {
    let widest = pairs.filter { $0.a.kind == .hidden }.map(\.a.blockLength).max() ?? 0
    return squareByteCount(widest)
  }

  /// The cosine of every unit of A with every unit of B by the weights that lead to them: the last
  /// view but one, which is the up projection where a gate comes before it.
  private static func cosines(
    _ a: UnitGroup, _ b: UnitGroup, _ resources: WalkResources
  ) throws -> Matrix {
    let view = max(a.views.count - 2, 0)
    var remaining = resources
    remaining.scratchByteCount -= squareByteCount(a.blockLength)
    func side(_ group: UnitGroup) throws -> ScaledGroup {
      try ScaledGroup(
        group.with(views: [group.views[view]]), isCentred: false, threads: resources.threads)
    }
    return try SimilarityProduct(a: side(a), b: side(b), resources: remaining).matrix()
  }

  /// Correlates a match with the identity.
  ///
  /// - Parameters:
  ///   - match: a permutation of at least three units.
  ///   - layer: whose.
  /// - Returns: r and ln p.
  static func judge(_ match: [Int], layer: Int) -> Layer {
    let count = Double(match.count)
    let squares = match.enumerated().reduce(0.0) { sum, unit in
      let step = Double(unit.element - unit.offset)
      return sum + step * step
    }
    // 1 − r as it comes keeps its digits where r is close to 1.
    let fall = 6 * squares / (count * (count * count - 1))
    let degrees = count - 2
    let t = (1 - fall) * (degrees / (fall * (2 - fall))).squareRoot()
    return Layer(
      layer: layer, correlation: 1 - fall,
      logProbability: max(
        LogProbability.studentTail(t, degrees: degrees), -LogProbability.factorial(match.count)))
  }
}
