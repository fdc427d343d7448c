import CKernels

/// What became of the elements of a combination.
public struct CombinationTally: Hashable, Sendable, Mergeable {
  /// How many there are.
  public internal(set) var count = 0
  /// Elements whose sum is not what the first checkpoint that takes part has there. Sums err too:
  /// one that is within 2⁻⁴⁸ of that value is taken as equal to it.
  public internal(set) var changed = 0
  /// Changed elements of which nothing is left, as they round to what the first checkpoint's
  /// value rounds to.
  public internal(set) var swallowed = 0
  /// Elements that are NaN or infinite.
  public internal(set) var nonfinite = 0

  /// The result over no elements.
  public init() {}

  /// Swallowed elements among the changed ones; 0 if none is changed.
  public var swallowedShare: Double {
    changed == 0 ? 0 : Double(swallowed) / Double(changed)
  }

  /// Takes in the result over other elements.
  ///
  /// - Parameter later: what comes after.
  public mutating func merge(_ later: CombinationTally) {
    count += later.count
    changed += later.changed
    swallowed += later.swallowed
    nonfinite += later.nonfinite
  }

  mutating func add(_ counts: rounding_counts, elements: Int) {
    count += elements
    changed += Int(counts.changed)
    swallowed += Int(counts.swallowed)
    nonfinite += Int(counts.nonfinite)
  }
}
