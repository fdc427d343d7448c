/// The parent of one member of a family, as far as distances tell it.
///
/// The ways of parent and child from the base keep a cosine when all other ways are projected out, and the
/// parent is the nearer to the base. Shared data gives siblings and cousins such cosines too, so a
/// lead is asked for, and abstention is common. Descriptive.
public struct Parentage: Hashable, Sendable {
  /// The position of the parent within the family; `nil` if it cannot be told, and for the base.
  public let parent: Int?
  /// The greatest partial cosine with a member nearer to the base; NaN if there is none.
  public let cosine: Double
  /// By how much that exceeds the partial cosine with any other member; NaN if there is none.
  public let lead: Double
  /// Why the parent cannot be told; empty if it can, and for the base.
  public let remark: String

  /// A lead that tells a parent from siblings.
  static let leastLead = 0.15
  /// A cosine that siblings and uncles seldom reach, and a child does unless its own step was
  /// nearly three times its parent's: of a leaf it is 1 / √(1 + (own step / parent's step)²).
  static let clearCosine = 0.35

  /// Nothing is known, as of a checkpoint that is in no family.
  public static let unknown = Parentage(because: "")

  /// The parents of all members.
  ///
  /// - Parameters:
  ///   - distances: between them.
  ///   - base: the position of the base, or `nil` if it is not known.
  ///   - cosines: the partial cosines from there, or `nil` if there are none.
  /// - Returns: one for each member.
  static func all(
    _ distances: MutualDistances, base: Int?, _ cosines: PartialCosines?
  ) -> [Parentage] {
    (0..<distances.memberCount).map { member in
      guard let base else { return Parentage(because: "the base is not known") }
      guard member != base else { return Parentage(because: "") }
      guard distances.memberCount > 3 else {
        return Parentage(because: "four checkpoints are needed to tell a parent from a sibling")
      }
      guard let cosines else {
        return Parentage(
          because: "two checkpoints have the same weights, or one is made up of others")
      }
      return Parentage(of: member, distances, base: base, cosines)
    }
  }

  private init(because remark: String) {
    (parent, cosine, lead, self.remark) = (nil, .nan, .nan, remark)
  }

  private init(of member: Int, _ distances: MutualDistances, base: Int, _ cosines: PartialCosines) {
    let others = (0..<distances.memberCount).filter { $0 != base && $0 != member }
    let nearer = others.filter { distances[base, $0] < distances[base, member] }
    guard let best = nearer.max(by: { cosines[member, $0] < cosines[member, $1] }) else {
      (parent, cosine, lead, remark) = (base, .nan, .nan, "")
      return
    }
    cosine = cosines[member, best]
    lead = others.filter { $0 != best }.reduce(.infinity) {
      min($0, cosines[member, best] - cosines[member, $1])
    }
    if cosine < Parentage.leastLead {
      (parent, remark) = (base, "")
    } else if cosine >= Parentage.clearCosine, lead >= Parentage.leastLead {
      (parent, remark) = (best, "")
    } else {
      parent = nil
      remark =
        lead < Parentage.leastLead
        ? "two are about as close to it" : "the closest may be a sibling on similar data"
    }
  }
}
