import Tensors

/// The groups of two models that can be compared, and why others cannot.
struct GroupPairs {
  private(set) var pairs: [(a: UnitGroup, b: UnitGroup)]
  private var faults: [(group: UnitGroup, reason: String)]

  /// Pairs groups of one kind and one layer.
  ///
  /// - Parameters:
  ///   - a: the groups of A.
  ///   - b: the groups of B.
  init(_ a: [UnitGroup], _ b: [UnitGroup]) {
    self.init(a, b) { $0 }
    let known = Set(a.map(\.name))
    faults += b.filter { !known.contains($0.name) }.map { ($0, GroupPairs.isAlone) }
  }

  /// What is wrong with groups that cannot be compared, layers with one fault together.
  var remarks: [String] {
    var (alike, order) = ([[String]: [UnitGroup]](), [[String]]())
    for (group, reason) in faults {
      let key = [group.kind.rawValue, reason]
      if alike[key] == nil { order.append(key) }
      alike[key, default: []].append(group)
    }
    return order.map { key in
      let groups = alike[key] ?? []
      let name = groups.count == 1 ? groups[0].name : "\(key[0]) of \(groups.count) layers"
      return "\(name): \(key[1])"
    }
  }

  /// Pairs the groups of each layer of A with those of the layer of B that comes next after it,
  /// around the end: groups whose labels have nothing to do with each other.
  ///
  /// Of two layers only the first is paired: in models that are akin the second pair would repeat
  /// it.
  ///
  /// - Parameters:
  ///   - a: the groups of A.
  ///   - b: the groups of B.
  init(shifted a: [UnitGroup], _ b: [UnitGroup]) {
    let layers = Set(b.compactMap(\.layer)).sorted()
    let layered = a.filter { $0.layer != nil }
    self.init(layered, b) { layer in layers.first { $0 > layer } ?? layers.first ?? layer }
    pairs = pairs.filter { pair in
      pair.a.layer != pair.b.layer && (layers.count > 2 || pair.a.layer == layers.first)
    }
  }

  private init(_ a: [UnitGroup], _ b: [UnitGroup], partner: (Int) -> Int) {
    var (pairs, faults) = ([(a: UnitGroup, b: UnitGroup)](), [(group: UnitGroup, reason: String)]())
    let others = Dictionary(
      b.map { (Place(kind: $0.kind, layer: $0.layer), $0) }, uniquingKeysWith: { first, _ in first }
    )
    for group in a {
      guard let other = others[Place(kind: group.kind, layer: group.layer.map(partner))] else {
        faults.append((group, GroupPairs.isAlone))
        continue
      }
      let (left, right) =
        group.kind == .residual ? GroupPairs.common(group, other) : (group, other)
      if let mismatch = left.views.isEmpty ? "no tensor in common" : left.mismatch(with: right) {
        faults.append((group, mismatch))
      } else {
        pairs.append((left, right))
      }
    }
    (self.pairs, self.faults) = (pairs, faults)
  }

  private static let isAlone = "only in one model"
  private struct Place: Hashable {
    let kind: UnitKind
    let layer: Int?
  }

  /// The views of residual channels that both have, by the rows that both have.
  private static func common(_ a: UnitGroup, _ b: UnitGroup) -> (UnitGroup, UnitGroup) {
    let views = a.views.compactMap { left in
      b.views.first { $0.name == left.name }.map { right in
        let rows = [0..<min(left.featureCount, right.featureCount)]
        return (left.with(features: rows), right.with(features: rows))
      }
    }
    return (a.with(views: views.map(\.0)), b.with(views: views.map(\.1)))
  }
}
