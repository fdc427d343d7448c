/// How far two checkpoints went in the same direction from a third,
///
///     (a|b)_c = (d²_ac + d²_bc − d²_ab) / 2 = ⟨a − c, b − c⟩
///
/// Descriptive: that the product is large may mean descent, shared data, or an ancestor that is
/// not there.
///
/// Source: Gromov 1987, "Hyperbolic Groups", section 1.1, with squared distances in the place of
/// distances, for which it is an inner product.
public struct GromovProduct: Hashable, Sendable {
  /// The position of a.
  public let first: Int
  /// The position of b.
  public let second: Int
  /// The position of c.
  public let origin: Int
  /// (a|b)_c.
  public let value: Double
  /// (a|b)_c / min(d²_ac, d²_bc): 0 if a and b left c independently, 1 if one lies on the way to
  /// the other. NaN if one has the weights of c.
  public let ratio: Double
  /// The cosine of a − c and b − c; NaN if one has the weights of c.
  public let cosine: Double

  /// The product of two checkpoints as seen from a third.
  init(_ distances: MutualDistances, _ first: Int, _ second: Int, from origin: Int) {
    (self.first, self.second, self.origin) = (first, second, origin)
    let (left, right) = (distances[first, origin], distances[second, origin])
    value = (left + right - distances[first, second]) / 2
    ratio = value / min(left, right)
    cosine = value / (left * right).squareRoot()
  }

  /// The products of all pairs as seen from one checkpoint.
  static func all(_ distances: MutualDistances, from origin: Int) -> [GromovProduct] {
    memberPairs(distances.memberCount).filter { $0.0 != origin && $0.1 != origin }.map {
      GromovProduct(distances, $0.0, $0.1, from: origin)
    }
  }
}
