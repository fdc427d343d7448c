import Geometry
import Tensors

/// The inner products of several checkpoints: distances, angles, and task vectors.
public struct GramReport: Sendable {
  /// One parameter that all have.
  public struct Entry: Sendable {
    /// Its name and what it says.
    public let name: ParameterName
    /// The matrix over its elements.
    public let matrix: GramMatrix
    /// Whether nothing is known of it yet.
    let isPending: Bool

    /// Creates an entry.
    ///
    /// - Parameters:
    ///   - name: of the parameter.
    ///   - matrix: over its elements.
    ///   - isPending: whether nothing is known of it yet.
    public init(name: ParameterName, matrix: GramMatrix, isPending: Bool = false) {
      (self.name, self.matrix, self.isPending) = (name, matrix, isPending)
    }
  }

  /// What rows of tables stand for: some of the entries together.
  struct Group {
    let name: String
    let tensors: Int
    let matrix: GramMatrix
  }

  /// Of the checkpoints, in their order.
  public let labels: [String]
  /// The position of the checkpoint that task vectors start from, if there is one.
  public let base: Int?
  /// Every parameter that all have.
  public let entries: [Entry]
  /// The matrix over all parameters.
  public let total: GramMatrix

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - labels: one for each checkpoint.
  ///   - base: the position of the checkpoint that task vectors start from, or `nil`.
  ///   - entries: matrices of as many checkpoints.
  public init(labels: [String], base: Int?, entries: [Entry]) {
    precondition(entries.allSatisfy { $0.matrix.order == labels.count })
    (self.labels, self.base, self.entries) = (labels, base, entries)
    total = entries.reduce(into: GramMatrix(order: labels.count)) { $0.merge($1.matrix) }
  }

  /// The same over some of the parameters.
  ///
  /// - Parameter isIncluded: which to keep, by their canonical names.
  /// - Returns: a report that may have no entries.
  public func filter(_ isIncluded: (TensorName) -> Bool) -> GramReport {
    GramReport(
      labels: labels, base: base, entries: entries.filter { isIncluded($0.name.canonical) })
  }

  /// NaN and infinite elements of all checkpoints.
  public var nonfinite: Int { total.nonfinite.reduce(0, +) }

  /// The entries put together.
  func groups(by grouping: NormGrouping) -> [Group] {
    if grouping == .total {
      return [Group(name: "all tensors", tensors: entries.count, matrix: total)]
    }
    var (groups, positions) = ([Group](), [String: Int]())
    for entry in entries {
      let name = entry.label(for: grouping)
      if let position = positions[name] {
        var matrix = groups[position].matrix
        matrix.merge(entry.matrix)
        groups[position] = Group(
          name: name, tensors: groups[position].tensors + 1, matrix: matrix)
      } else {
        positions[name] = groups.count
        groups.append(Group(name: name, tensors: 1, matrix: entry.matrix))
      }
    }
    return groups
  }
}

extension GramReport.Entry {
  fileprivate func label(for grouping: NormGrouping) -> String {
    switch grouping {
    case .tensor: name.canonical.text
    case .layer: layerLabel(name.stack, name.layer)
    case .kind: name.kind
    case .total: "all tensors"
    }
  }
}

extension GramReport {
  /// One row for each pair of checkpoints in each group of tensors.
  ///
  /// - Parameter grouping: what is put together; groups come from sums over all elements.
  /// - Returns: a table with a column for each quantity.
  public func pairTable(by grouping: NormGrouping) -> ReportTable {
    let pairs = labels.indices.flatMap { first in
      (first + 1..<max(labels.count, first + 1)).map { (first, $0) }
    }
    let rows = groups(by: grouping).flatMap { group in pairs.map { (group, $0.0, $0.1) } }
    func real(
      _ name: String, _ heading: String? = nil, _ value: (GramMatrix, Int, Int) -> Double
    ) -> ReportTable.Column {
      .init(name, heading: heading, .real(rows.map { value($0.0.matrix, $0.1, $0.2) }))
    }
    return ReportTable(
      rowCount: rows.count,
      columns: [
        .init(
          grouping == .tensor ? "tensor" : "group", heading: grouping.rawValue,
          .text(rows.map(\.0.name))),
        .init("tensors", .integer(rows.map(\.0.tensors))),
        .init("a", heading: "a", .text(rows.map { labels[$0.1] })),
        .init("b", heading: "b", .text(rows.map { labels[$0.2] })),
        real("rms", "rms") { $0.rootMeanSquare($1, $2) },
        real("angle", "angle") { $0.angle($1, $2) },
        real("cosine", "cosine") { $0.cosine($1, $2) },
        real("task_cosine", base == nil ? nil : "task cosine") { matrix, first, second in
          base.map { matrix.taskCosine(first, second, base: $0) } ?? .nan
        },
        real("distance") { $0.distance($1, $2) },
        real("d2") { $0.squaredDistance($1, $2) },
        real("product") { $0.product($1, $2) },
        real("norm_a") { matrix, first, _ in matrix.norm(first) },
        real("norm_b") { matrix, _, second in matrix.norm(second) },
        .init("numel", .integer(rows.map(\.0.matrix.elementCount))),
      ])
  }

  /// One row for each checkpoint: its norm, and its place on the first two axes of classical
  /// scaling.
  public var checkpointTable: ReportTable {
    let scaling = ClassicalScaling(total)
    func axis(_ index: Int) -> ReportTable.Cells {
      guard let axes = scaling?.coordinates else {
        return .real(labels.map { _ in .nan })
      }
      return .real(index < axes.count ? axes[index] : labels.map { _ in 0 })
    }
    return ReportTable(
      rowCount: labels.count,
      columns: [
        .init("checkpoint", heading: "checkpoint", .text(labels)),
        .init("norm", heading: "norm", .real(labels.indices.map { total.norm($0) })),
        .init("nonfinite", heading: nonfinite > 0 ? "NaN/Inf" : nil, .integer(total.nonfinite)),
        .init("axis_1", heading: "axis 1", axis(0)),
        .init("axis_2", heading: "axis 2", axis(1)),
      ])
  }

  /// One row for each checkpoint in each group of tensors, as seen from Σ c_i θ_i.
  ///
  /// - Parameters:
  ///   - coefficients: c, one for each checkpoint.
  ///   - grouping: what is put together.
  /// - Returns: the distance of the point to each checkpoint, and its norm.
  public func pointTable(at coefficients: [Double], by grouping: NormGrouping) -> ReportTable {
    let rows = groups(by: grouping).flatMap { group in labels.indices.map { (group, $0) } }
    let squares = rows.map { group, member in
      group.matrix.squaredDistance(ofCombination: coefficients, to: member)
    }
    let norms = rows.map { $0.0.matrix.squaredNorm(ofCombination: coefficients).squareRoot() }
    let counts = rows.map(\.0.matrix.elementCount)
    return ReportTable(
      rowCount: rows.count,
      columns: [
        .init(
          grouping == .tensor ? "tensor" : "group", heading: grouping.rawValue,
          .text(rows.map(\.0.name))),
        .init("checkpoint", heading: "checkpoint", .text(rows.map { labels[$0.1] })),
        .init("coefficient", heading: "c", .real(rows.map { coefficients[$0.1] })),
        .init(
          "rms", heading: "rms to it",
          .real(zip(squares, counts).map { ($0 / Double($1)).squareRoot() })),
        .init("distance", heading: "distance", .real(squares.map { $0.squareRoot() })),
        .init("norm", heading: "norm of the point", .real(norms)),
        .init("numel", .integer(counts)),
      ])
  }
}
