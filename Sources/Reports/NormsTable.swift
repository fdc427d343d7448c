import Geometry
import Tensors

extension NormsReport {
  /// The columns of a norm report.
  static func table(
    _ rows: [NormRow], _ report: NormsReport, _ grouping: NormGrouping, _ scale: NormScale
  ) -> ReportTable {
    let differences = rows.map(\.difference)
    let isSingle = report.comparisons.count == 1
    let isTensor = grouping == .tensor
    func real(
      _ name: String, _ heading: String? = nil, _ value: (TensorDifference) -> Double
    ) -> ReportTable.Column {
      .init(name, heading: heading, .real(differences.map(value)))
    }
    func integer(
      _ name: String, _ heading: String? = nil, _ value: (TensorDifference) -> Int?
    ) -> ReportTable.Column {
      .init(name, heading: heading, .integer(differences.map(value)))
    }
    return ReportTable(
      rowCount: rows.count,
      columns: [
        // Not named for the grouping: `layer` is a column below, and `kind` a member of each row.
        .init(
          isTensor ? "tensor" : "group", heading: grouping.rawValue, .text(rows.map(\.name))),
        .init("pair", heading: isSingle ? nil : "pair", .text(rows.map(\.comparison))),
        .init("shape", heading: isTensor ? "shape" : nil, .text(rows.map(\.shape))),
        .init(
          "tensors", heading: isTensor ? nil : "tensors",
          .integer(rows.map { Optional($0.tensors) })),
        real("distance", scale.rawValue) { scale.distance($0) },
        real("relative", "relative", \.relative),
        real("cosine", "cosine", \.cosine),
        real("largest", "max|A−B|", \.largest),
        .init(nil, heading: "same bits", .text(differences.map(\.identicalShare))),
        integer("nonfinite", report.nonfinite > 0 ? "NaN/Inf" : nil) { $0.nonfinite },
        integer("largest_index") { isTensor ? $0.largestIndex : nil },
        real("diff_scaled", nil, \.rootMeanSquare),
        real("diff_l2", nil, \.l2),
        integer("numel") { $0.count },
        real("norm_a", nil, \.normA),
        real("norm_b", nil, \.normB),
        real("diff_mean", nil, \.mean),
        integer("n_identical") { $0.identical },
        integer("n_equal") { $0.equal },
        integer("n_within_one_ulp") { $0.withinOneULP },
        integer("n_nan_a") { $0.nanA },
        integer("n_inf_a") { $0.infiniteA },
        integer("n_nan_b") { $0.nanB },
        integer("n_inf_b") { $0.infiniteB },
        .init("layer", .integer(rows.map(\.layer))),
        .init("module", .text(rows.map(\.kind))),
        .init("role", .text(rows.map(\.role))),
        .init("dtype_a", .text(rows.map(\.dtypes.0))),
        .init("dtype_b", .text(rows.map(\.dtypes.1))),
        .init("remark", .text(rows.map(\.remark))),
      ])
  }

  /// What became of every parameter, for each comparison.
  public var coverage: CoverageReport {
    CoverageReport(
      comparisons.map { ($0.label, $0.pairing.coverage) })
  }

  /// One row for each parameter that is not simply compared.
  ///
  /// - Parameter includingCompared: whether to list those compared too.
  /// - Returns: comparison, parameter, status and detail.
  public func coverageTable(includingCompared: Bool) -> ReportTable {
    coverage.table(includingCompared: includingCompared)
  }
}

extension TensorDifference {
  /// `100 %` only if all elements have the same bits, and `0 %` only if none has.
  fileprivate var identicalShare: String {
    guard count > 0 else { return "" }
    if identical == 0 || identical == count { return identical == 0 ? "0 %" : "100 %" }
    let share = 100 * Double(identical) / Double(count)
    if share < 0.01 { return "<0.01 %" }
    return (share > 99.99 ? ">99.99" : share.brief) + " %"
  }
}
