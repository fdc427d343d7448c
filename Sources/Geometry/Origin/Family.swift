import Glibc

/// Checkpoints of one certified family, and what their distances say about who came from whom.
///
/// Apart from the certificate that they are a family, nothing here has a p-value. What cannot be
/// told is not told: each answer that is missing comes with the reason.
public struct Family: Sendable {
  /// Where the base is known from.
  public enum BaseSource: String, Sendable {
    /// The caller named it.
    case given
    /// All others left it at nearly right angles.
    case rightAngles = "right angles"
    /// It is not known.
    case none
  }

  /// Positions among all checkpoints, ascending. Everything below counts within these.
  public let members: [Int]
  /// ln of the certified p-value, corrected for the number of pairs, of the weakest pair that had
  /// to be used to connect the members; −∞ if all are copies.
  public let logWeakest: Double
  /// d² and kurtosis.
  public let distances: MutualDistances
  /// The Gromov products of every pair as seen from every third.
  public let products: [GromovProduct]
  /// The one that the others are presumed to descend from, or `nil`.
  public let base: Int?
  /// Where that is known from.
  public let baseSource: BaseSource
  /// Why the base is not known; empty if it is.
  public let baseRemark: String
  /// The cosines of the ways from the base, the others projected out, [members, members]; NaN for
  /// the base and on the diagonal, and empty if they are not known.
  public let partialCosines: [Double]
  /// The parent of each, as far as it can be told.
  public let parents: [Parentage]
  /// A tree by distances and kurtosis, as the parent of each, `nil` for the root. A hint.
  public let hint: [Int?]

  /// Right angles are cosines of less magnitude.
  static let rightAngle = 0.3

  /// Judges distances.
  ///
  /// - Parameters:
  ///   - members: positions among all checkpoints, ascending, at least two.
  ///   - logWeakest: ln of the p-value that connects them.
  ///   - distances: between them.
  ///   - given: the position among all checkpoints of the one said to be the base, or `nil`.
  init(members: [Int], logWeakest: Double, distances: MutualDistances, base given: Int?) {
    (self.members, self.logWeakest, self.distances) = (members, logWeakest, distances)
    products = members.indices.flatMap { GromovProduct.all(distances, from: $0) }
    if let base = given.flatMap({ members.firstIndex(of: $0) }) {
      (self.base, baseSource, baseRemark) = (base, .given, "")
    } else {
      let centre = Family.centre(products, memberCount: members.count)
      (base, baseRemark) = (centre.base, centre.remark)
      baseSource = centre.base == nil ? .none : .rightAngles
    }
    let cosines = base.flatMap { PartialCosines(distances, from: $0) }
    partialCosines = cosines?.all ?? []
    parents = Parentage.all(distances, base: base, cosines)
    hint = Family.hint(distances, root: base)
  }

  /// The member that all others left at nearly right angles.
  ///
  /// If each step of training goes in a direction of its own, these angles are right at the base
  /// of a star. They are not if siblings share data or ancestors, and then there is no telling.
  private static func centre(
    _ products: [GromovProduct], memberCount: Int
  ) -> (base: Int?, remark: String) {
    guard memberCount > 2 else {
      return (
        nil,
        "of two checkpoints alone neither the direction nor a split of their distance can be told"
      )
    }
    guard !products.contains(where: \.cosine.isNaN) else {
      return (nil, "two checkpoints have the same weights, or some are not finite; --base names it")
    }
    let widest = (0..<memberCount).map { origin in
      products.filter { $0.origin == origin }.map(\.cosine.magnitude).reduce(0, max)
    }
    let central = widest.indices.filter { widest[$0] < rightAngle }
    if central.count == 1 { return (central[0], "") }
    return (
      nil,
      central.isEmpty
        ? "from no member did all others leave at right angles (cosines below \(rightAngle)): "
          + "they share data or ancestors; --base names it"
        : "from \(central.count) members did all others leave at right angles; --base names it"
    )
  }
}

extension Family {
  /// What an edge costs more, in average distances, if the child's kurtosis is the higher.
  private static let directionWeight = 0.3

  /// The tree of least cost, where an edge costs its distance, and more if the child's weights have
  /// the higher kurtosis: fine-tuning lowers it, as a rule, and training on more general data
  /// raises it.
  ///
  ///     cost(p, c) = d_pc + 0.3 · mean(d) · [kurtosis of c > kurtosis of p]
  ///
  /// Source: Horwitz, Shul & Hoshen 2024, "Unsupervised Model Tree Heritage Recovery", arXiv
  /// 2405.18432.
  private static func hint(_ distances: MutualDistances, root: Int?) -> [Int?] {
    let count = distances.memberCount
    let pairs = memberPairs(count).map { distances[$0.0, $0.1].squareRoot() }
    guard pairs.allSatisfy(\.isFinite), distances.kurtoses.allSatisfy(\.isFinite) else { return [] }
    let step = directionWeight * pairs.reduce(0, +) / Double(pairs.count)
    let costs = (0..<count).map { parent in
      (0..<count).map { child in
        let isRising = distances.kurtoses[child] > distances.kurtoses[parent]
        return distances[parent, child].squareRoot() + (isRising ? step : 0)
      }
    }
    return minimumArborescence(costs, root: root)
  }
}
