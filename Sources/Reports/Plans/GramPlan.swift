import Geometry
import HDF5
import JSON
import Tensors

/// What the result of `gram` is made from besides sums.
public struct GramPlan: Codable, Sendable {
  let labels: [String]
  let base: Int?
  let names: [ParameterName]
  let coverage: CoverageReport

  /// Describes checkpoints.
  ///
  /// - Parameters:
  ///   - labels: one for each.
  ///   - base: the position of the one that task vectors start from, or `nil`.
  ///   - names: of the parameters that all have.
  ///   - coverage: what became of the others.
  public init(labels: [String], base: Int?, names: [ParameterName], coverage: CoverageReport) {
    (self.labels, self.base, self.names, self.coverage) = (labels, base, names, coverage)
  }

  /// The key of a tensor's row.
  ///
  /// - Parameter tensor: its position among those that all have.
  /// - Returns: text.
  public static func key(tensor: Int) -> String { "tensor \(tensor)" }

  /// A tensor's row.
  ///
  /// - Parameter matrix: over its elements.
  /// - Returns: JSON.
  /// - Throws: nothing for such values.
  public static func json(_ matrix: GramMatrix) throws -> String { try jsonText(matrix) }
}

extension GramPlan: RowPlan {
  var fault: String? {
    (1...GramReport.mostCheckpoints).contains(labels.count)
      && base.map(labels.indices.contains) ?? true && !names.isEmpty
      ? nil : "has no tensors, or not 1 to \(GramReport.mostCheckpoints) checkpoints"
  }

  func merged(_ rows: [String: String]) throws -> MergedGroups {
    let matrices = names.indices.map { tensor in
      rows[GramPlan.key(tensor: tensor)].flatMap { try? decoded(GramMatrix.self, from: $0) }
        .flatMap { $0.order == labels.count ? $0 : nil }
    }
    let report = GramReport(
      labels: labels, base: base,
      entries: zip(names, matrices).map {
        .init(name: $0, matrix: $1 ?? .unknown(order: labels.count), isPending: $1 == nil)
      })
    return MergedGroups(
      groups: try report.groups() + [coverage.group()], rowCount: names.count,
      pending: zip(names, matrices).filter { $1 == nil }.map(\.0.canonical.text))
  }
}
