/// How many hidden units of A choose the same unit of B by the weights that lead to them and by
/// those that lead on: high if B is A with its hidden units in another order.
///
/// A score and no test: after an alignment of the residual stream, independent networks agree far
/// above chance.
public struct TwoViewMatch: Hashable, Sendable {
  /// Units with one choice by both.
  public internal(set) var agreeing = 0
  /// Units compared.
  public internal(set) var units = 0

  /// The share above which models are called similar. Independent networks stay below a third.
  static let similarShare = 0.5

  /// Whether most units agree.
  public var isSimilar: Bool {
    units > 0 && Double(agreeing) > TwoViewMatch.similarShare * Double(units)
  }

  /// Adds a layer's hidden units, whose last view leads on.
  ///
  /// - Throws: `CheckpointError` if a file cannot be read.
  mutating func add(_ product: SimilarityProduct) throws {
    let views = product.a.group.views.count
    guard views > 1 else { return }
    let choices = try (
      product.with(views: 0..<views - 1).bestColumns(),
      product.with(views: views - 1..<views).bestColumns()
    )
    units += choices.0.count
    agreeing += zip(choices.0, choices.1).count { $0 == $1 }
  }
}

extension SimilarityProduct {
  /// The same units by only some of their views.
  fileprivate func with(views: Range<Int>) throws -> SimilarityProduct {
    func cut(_ side: ScaledGroup) throws -> ScaledGroup {
      try ScaledGroup(
        side.group.with(views: side.group.views[views]), foldsGain: side.foldsGain,
        threads: resources.threads)
    }
    return try SimilarityProduct(a: cut(a), b: cut(b), rotation: rotation, resources: resources)
  }

  /// For each unit of A the unit of B that is most like it, the first if several are.
  fileprivate func bestColumns() throws -> [Int] {
    var best = Array(repeating: (value: -Float.infinity, column: 0), count: a.group.blockLength)
    try forEachRegion { region, product in
      for (index, row) in region.rows.enumerated() {
        for (place, column) in region.columns.enumerated() {
          let value = product[index * region.columns.count + place]
          let isFirst = value == best[row].value && column < best[row].column
          if value > best[row].value || isFirst { best[row] = (value, column) }
        }
      }
    }
    return best.map(\.column)
  }
}
