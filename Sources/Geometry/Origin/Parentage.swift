/// The parent of one member of a family, as far as distances tell it.
///
/// The ways of parent and child from the base keep a cosine when all other ways are projected out,
/// and the parent is the nearer to the base. Shared data gives siblings and cousins such cosines
/// too, so a lead is asked for, and abstention is common. Descriptive.
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
      guard distances.memberCount > 3 else { return ofThree(distances, base: base) }
      guard let cosines else {
        return Parentage(
          because: "two checkpoints have the same weights, or one is made up of others")
      }
      return Parentage(of: member, distances, base: base, cosines)
    }
  }

  /// Of three, two that left the base at nearly right angles are its children; if they did not, a
  /// parent cannot be told from a sibling.
  private static func ofThree(_ distances: MutualDistances, base: Int) -> Parentage {
    let others = (0..<distances.memberCount).filter { $0 != base }
    guard others.count == 2 else {
      return Parentage(because: "of two checkpoints alone a common ancestor cannot be ruled out")
    }
    let cosine = GromovProduct(distances, others[0], others[1], from: base).cosine
    return cosine.magnitude < Family.rightAngle
      ? Parentage(parent: base)
      : Parentage(because: "four checkpoints are needed to tell a parent from a sibling")
  }

  private init(because remark: String) {
    (parent, cosine, lead, self.remark) = (nil, .nan, .nan, remark)
  }

  private init(parent: Int?, cosine: Double = .nan, lead: Double = .nan, remark: String = "") {
    (self.parent, self.cosine, self.lead, self.remark) = (parent, cosine, lead, remark)
  }

  private init(of member: Int, _ distances: MutualDistances, base: Int, _ cosines: PartialCosines) {
    let others = (0..<distances.memberCount).filter { $0 != base && $0 != member }
    let nearer = others.filter { distances[base, $0] < distances[base, member] }
    guard let best = nearer.max(by: { cosines[member, $0] < cosines[member, $1] }) else {
      self.init(parent: base)
      return
    }
    let cosine = cosines[member, best]
    let rival = others.filter { $0 != best }.map { cosines[member, $0] }.max() ?? 0
    let isClear = cosine >= Parentage.clearCosine && cosine - rival >= Parentage.leastLead
    self.init(
      parent: cosine < Parentage.leastLead ? base : isClear ? best : nil, cosine: cosine,
      lead: cosine - rival, remark: Parentage.doubt(cosine: cosine, lead: cosine - rival))
  }

  /// Why a cosine with the best candidate tells no parent; empty if it does.
  private static func doubt(cosine: Double, lead: Double) -> String {
    if cosine < leastLead { return "" }
    if lead < leastLead { return "two are about as close to it" }
    return cosine < clearCosine ? "the closest may be a sibling on similar data" : ""
  }
}
