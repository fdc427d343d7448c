import Tensors

/// An order of the units of each group of a model.
///
/// Position i of the result holds unit `order[i]` of what it is applied to. Groups without an
/// order stay as they are.
public struct UnitPermutations: Hashable, Sendable {
  /// The order of each group's units; each is a permutation of 0..<count.
  public private(set) var orders: [PermutableGroup: [Int]] = [:]

  /// The order that changes nothing.
  public init() {}

  /// Applies another order after what was there.
  ///
  /// - Parameters:
  ///   - order: a permutation of 0..<count.
  ///   - group: whose units it moves.
  mutating func append(_ order: [Int], to group: PermutableGroup) {
    orders[group] = orders[group].map { before in order.map { before[$0] } } ?? order
  }

  /// The orders that take everything back.
  public var inverse: UnitPermutations {
    var result = UnitPermutations()
    result.orders = orders.mapValues(inverted)
    return result
  }

  /// How many units of a group leave their place.
  public func movedCount(in group: PermutableGroup) -> Int {
    orders[group].map { order in order.indices.count { order[$0] != $0 } } ?? 0
  }

  /// For each position along an axis, the position that it is taken from; `nil` if nothing moves.
  func sources(along axis: [AxisStretch]) -> [Int]? {
    guard axis.contains(where: { $0.group.map { movedCount(in: $0) > 0 } ?? false }) else {
      return nil
    }
    return axis.flatMap { stretch in
      sourcePositions(of: stretch, order: stretch.group.flatMap { orders[$0] })
    }
  }
}

/// For each position of a stretch, the position that it is taken from.
///
/// - Parameters:
///   - stretch: part of an axis.
///   - order: of its units; `nil` moves none.
/// - Returns: positions along the axis.
func sourcePositions(of stretch: AxisStretch, order: [Int]?) -> [Int] {
  guard let order else { return Array(stretch.start..<stretch.start + stretch.length) }
  return order.flatMap { unit -> Range<Int> in
    let first = stretch.start + unit * stretch.unitLength
    return first..<first + stretch.unitLength
  }
}

/// The permutation that undoes another.
///
/// - Parameter order: a permutation of its indices.
/// - Returns: where each index stands in it.
func inverted(_ order: [Int]) -> [Int] {
  var result = order
  for (place, unit) in order.enumerated() { result[unit] = place }
  return result
}
