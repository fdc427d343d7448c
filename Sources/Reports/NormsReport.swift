import Checkpoints
import Geometry
import Tensors

/// How the distance column scales ‖A − B‖₂ over n elements.
public enum NormScale: String, CaseIterable, Sendable {
  /// Root mean square, arXiv 2211.12092, section 5.3.
  case rms
  /// As it is.
  case l2
  /// By the number of elements.
  case mean

  /// The formula, for headers.
  public var formula: String {
    switch self {
    case .rms: "‖A − B‖₂ / √n"
    case .l2: "‖A − B‖₂"
    case .mean: "‖A − B‖₂ / n"
    }
  }

  /// The scaled distance; NaN if n is 0.
  ///
  /// - Parameter difference: of the tensors, or of all tensors of a group.
  /// - Returns: the distance in the formula's units.
  public func distance(_ difference: TensorDifference) -> Double {
    switch self {
    case .rms: difference.rootMeanSquare
    case .l2: difference.l2
    case .mean: difference.l2 / Double(difference.count)
    }
  }
}

/// What rows of a norm report stand for.
public enum NormGrouping: String, CaseIterable, Sendable {
  case tensor, layer, kind, total
}

/// The order of rows.
public enum NormOrder: String, CaseIterable, Sendable {
  /// As in the base.
  case file
  /// By name.
  case name
  /// The most distant first.
  case distance
  /// The relatively most distant first.
  case relative
  /// The least parallel first.
  case cosine
  /// The largest single difference first.
  case largest
}

/// The differences between a base and others, tensor by tensor.
public struct NormsReport: Sendable {
  /// One base and one other.
  public struct Comparison: Sendable {
    /// Their labels, as `base→tuned`.
    public let label: String
    /// What was paired and what was not.
    public let pairing: CheckpointPairing
    /// The difference of each pair.
    public let differences: [TensorDifference]
  }

  /// One comparison for each other.
  public let comparisons: [Comparison]

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - labels: the base's, then one for each other.
  ///   - pairings: one for each other.
  ///   - differences: of each pairing's pairs.
  public init(
    labels: [String], pairings: [CheckpointPairing], differences: [[TensorDifference]]
  ) {
    precondition(labels.count == pairings.count + 1 && pairings.count == differences.count)
    comparisons = zip(labels.dropFirst(), zip(pairings, differences)).map { label, content in
      Comparison(
        label: "\(labels[0])→\(label)", pairing: content.0, differences: content.1)
    }
  }

  /// Elements that are NaN or infinite, in all tensors compared.
  public var nonfinite: Int {
    comparisons.flatMap(\.differences).reduce(0) { $0 + $1.nonfinite }
  }
}

/// One row of a norm report.
struct NormRow {
  let comparison: String
  let name: String
  var stack: ParameterName.Stack?
  var layer: Int?
  var kind: String
  var role: String
  var shape: String
  var dtypes: (String, String)
  var remark: String
  var tensors: Int
  var difference: TensorDifference
}

extension NormsReport {
  /// Rows of a grouping, in an order, only the first of them.
  ///
  /// - Parameters:
  ///   - grouping: what a row stands for. Rows of groups come from sums over all elements.
  ///   - order: which rows come first.
  ///   - limit: how many rows, or `nil` for all.
  ///   - scale: of the distance column.
  /// - Returns: a table with a column for each quantity.
  public func table(
    by grouping: NormGrouping, order: NormOrder, limit: Int?, scale: NormScale
  ) -> ReportTable {
    let all = comparisons.flatMap { rows(of: $0, by: grouping) }
    let sorted = order.sort(all, scale)
    return NormsReport.table(Array(sorted.prefix(limit ?? sorted.count)), self, grouping, scale)
  }

  private func rows(of comparison: Comparison, by grouping: NormGrouping) -> [NormRow] {
    let rows = zip(comparison.pairing.pairs, comparison.differences).map { pair, difference in
      NormRow(comparison: comparison.label, pair: pair, difference: difference)
    }
    return switch grouping {
    case .tensor: rows
    case .layer: merge(rows, by: \.layerName)
    case .kind: merge(rows, by: \.kind)
    case .total: merge(rows) { _ in "all tensors" }
    }
  }

  private func merge(_ rows: [NormRow], by key: (NormRow) -> String) -> [NormRow] {
    var (merged, positions) = ([NormRow](), [String: Int]())
    for row in rows {
      let name = key(row)
      if let position = positions[name] {
        merged[position].absorb(row)
      } else {
        positions[name] = merged.count
        merged.append(row.asGroup(name))
      }
    }
    return merged
  }
}

extension NormRow {
  init(comparison: String, pair: TensorPair, difference: TensorDifference) {
    self.init(
      comparison: comparison, name: pair.name.canonical.text, stack: pair.name.stack,
      layer: pair.name.layer, kind: pair.name.kind, role: pair.name.role.rawValue,
      shape: pair.base.shape.compact,
      dtypes: (pair.base.dtype.rawValue, pair.other.dtype.rawValue), remark: pair.remark,
      tensors: 1,
      difference: difference)
  }

  /// The layer that the row's tensor belongs to, with its stack if the model has several.
  fileprivate var layerName: String {
    layerLabel(stack, layer)
  }

  fileprivate func asGroup(_ group: String) -> NormRow {
    NormRow(
      comparison: comparison, name: group, stack: stack, layer: layer, kind: kind, role: role,
      shape: "", dtypes: dtypes, remark: "", tensors: 1, difference: difference)
  }

  fileprivate mutating func absorb(_ row: NormRow) {
    difference.merge(row.difference)
    tensors += row.tensors
    if stack != row.stack { stack = nil }
    if layer != row.layer { layer = nil }
    if kind != row.kind { kind = "" }
    if role != row.role { role = "" }
    if dtypes.0 != row.dtypes.0 { dtypes.0 = "mixed" }
    if dtypes.1 != row.dtypes.1 { dtypes.1 = "mixed" }
  }
}

extension NormOrder {
  fileprivate func sort(_ rows: [NormRow], _ scale: NormScale) -> [NormRow] {
    switch self {
    case .file: rows
    case .name: rows.sorted { ($0.name, $0.comparison) < ($1.name, $1.comparison) }
    case .distance: descending(rows) { scale.distance($0.difference) }
    case .relative: descending(rows) { $0.difference.relative }
    case .cosine: descending(rows) { -$0.difference.cosine }
    case .largest: descending(rows) { $0.difference.largest }
    }
  }

  /// NaN comes first: it wants to be seen.
  private func descending(_ rows: [NormRow], _ key: (NormRow) -> Double) -> [NormRow] {
    let keyed = rows.enumerated().map { (key: key($1), position: $0, row: $1) }
    return keyed.sorted { left, right in
      if left.key.isNaN != right.key.isNaN { return left.key.isNaN }
      if left.key < right.key || left.key > right.key { return left.key > right.key }
      return left.position < right.position
    }.map(\.row)
  }
}

/// The words for a layer, with its stack if the model has several.
func layerLabel(_ stack: ParameterName.Stack?, _ layer: Int?) -> String {
  guard let layer else { return "outside layers" }
  return (stack.map { "\($0.rawValue) " } ?? "") + "layer \(layer)"
}
