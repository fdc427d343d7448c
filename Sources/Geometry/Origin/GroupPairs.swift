import Tensors

/// The groups of two models that can be compared, and why others cannot.
struct GroupPairs {
  let pairs: [(a: UnitGroup, b: UnitGroup)]
  let remarks: [String]

  /// Pairs groups of one kind and one layer.
  ///
  /// - Parameters:
  ///   - a: the groups of A.
  ///   - b: the groups of B.
  ///   - shift: which layer of B belongs to layer i of A: i + shift, around the end.
  init(_ a: [UnitGroup], _ b: [UnitGroup], shift: Int = 0) {
    let layers = (b.compactMap(\.layer).max() ?? 0) + 1
    var (pairs, remarks) = ([(a: UnitGroup, b: UnitGroup)](), [String]())
    for group in a {
      let layer = group.layer.map { ($0 + shift) % layers }
      guard let other = b.first(where: { $0.kind == group.kind && $0.layer == layer }) else {
        remarks.append("\(group.name): only in one model")
        continue
      }
      let (left, right) =
        group.kind == .residual ? GroupPairs.common(group, other) : (group, other)
      if let mismatch = left.views.isEmpty ? "no tensor in common" : left.mismatch(with: right) {
        remarks.append("\(group.name): \(mismatch)")
      } else {
        pairs.append((left, right))
      }
    }
    (self.pairs, self.remarks) = (pairs, remarks)
  }

  /// The views of residual channels that both have, by the rows that both have.
  private static func common(_ a: UnitGroup, _ b: UnitGroup) -> (UnitGroup, UnitGroup) {
    let names = a.views.map(\.name).filter { name in b.views.contains { $0.name == name } }
    let (left, right) = (a.with(views: names), b.with(views: names))
    let rows = zip(left.views, right.views).map { min($0.featureCount, $1.featureCount) }
    return (left.prefix(features: rows), right.prefix(features: rows))
  }
}

extension UnitGroup {
  /// The same units by the views of some names.
  fileprivate func with(views names: [String]) -> UnitGroup {
    UnitGroup(
      kind: kind, layer: layer, blockCount: blockCount, blockLength: blockLength,
      views: names.compactMap { name in views.first { $0.name == name } })
  }
}
