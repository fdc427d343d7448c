import Glibc

/// Which of several checkpoints share an initialization, and what their distances say about who
/// came from whom.
///
/// Only the families carry a p-value. All else is descriptive.
public struct Lineage: Sendable {
  /// Two of the checkpoints.
  public struct Pair: Sendable {
    /// The position of one.
    public let first: Int
    /// The position of the other, greater than the first.
    public let second: Int
    /// What the test of the weights as they are found.
    public let verdict: OriginFinding.Verdict
    /// ln of the certified p-value, corrected for the number of pairs; −∞ if all bits are the same,
    /// NaN if nothing could be tested.
    public let logCertified: Double
    /// ‖a − b‖ / √(‖a‖² + ‖b‖²) over all parameters that both have; 1 if unrelated.
    public let unlikeness: Double
    /// What else a reader should know, one sentence each.
    public let remarks: [String]

    /// Whether a common origin is certified at the level of the test.
    public var isCertified: Bool { verdict.isShared }
  }

  /// The answer.
  public enum Verdict: String, Sendable {
    /// Certified pairs connect all.
    case oneFamily = "ONE FAMILY"
    /// Certified pairs connect some.
    case someFamilies = "NOT ALL ONE FAMILY"
    /// No pair is certified.
    case noFamily = "NO FAMILY FOUND"
  }

  /// How many checkpoints there are.
  public let checkpointCount: Int
  /// Every pair: (0, 1), (0, 2), … (1, 2), ….
  public let pairs: [Pair]
  /// Checkpoints that certified pairs connect, two and more each, in the order of their first.
  public let families: [Family]
  /// ln of the level of the test.
  public let logLevel: Double

  /// The family of a checkpoint and its position within, or `nil` if it is in none.
  ///
  /// - Parameter checkpoint: its position among all.
  /// - Returns: the number of the family, from 0, and the position among its members.
  public func place(of checkpoint: Int) -> (family: Int, member: Int)? {
    for (family, content) in families.enumerated() {
      if let member = content.members.firstIndex(of: checkpoint) { return (family, member) }
    }
    return nil
  }

  /// Checkpoints that are in no family.
  public var unconnected: [Int] {
    let connected = Set(families.flatMap(\.members))
    return (0..<checkpointCount).filter { !connected.contains($0) }
  }

  /// Whether all checkpoints are one family.
  public var verdict: Verdict {
    if families.isEmpty { return .noFamily }
    return families[0].members.count == checkpointCount ? .oneFamily : .someFamilies
  }
}

/// Checkpoints that pairs connect.
struct Clusters {
  /// The members of each cluster, ascending, and the greatest logarithm of a p-value that had to
  /// be used to connect them; clusters of one are left out.
  let clusters: [(members: [Int], logWeakest: Double)]

  /// Connects checkpoints by certified pairs, the surest first.
  ///
  /// - Parameters:
  ///   - count: how many checkpoints there are.
  ///   - pairs: all or some of their pairs; those that are not certified connect nothing.
  init(_ count: Int, _ pairs: [Lineage.Pair]) {
    var (owner, weakest) = (Array(0..<count), Array(repeating: -Double.infinity, count: count))
    for pair in pairs.filter(\.isCertified).sorted(by: { $0.logCertified < $1.logCertified }) {
      let (kept, merged) = (owner[pair.first], owner[pair.second])
      guard kept != merged else { continue }
      weakest[kept] = max(weakest[kept], weakest[merged], pair.logCertified)
      for index in owner.indices where owner[index] == merged { owner[index] = kept }
    }
    clusters = Dictionary(grouping: owner.indices, by: { owner[$0] })
      .filter { $0.value.count > 1 }.map { ($0.value, weakest[$0.key]) }
      .sorted { $0.members[0] < $1.members[0] }
  }
}
