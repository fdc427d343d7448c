import Geometry

/// How one model's units were moved to bring its weights nearest to another's.
public struct AlignReport: Sendable {
  private let matching: WeightMatching
  private let before: TensorDifference
  private let after: TensorDifference

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - matching: what was moved.
  ///   - before: A with B, tensor by tensor.
  ///   - after: A with the permuted B, tensor by tensor.
  public init(
    _ matching: WeightMatching, before: [TensorDifference], after: [TensorDifference]
  ) {
    self.matching = matching
    (self.before, self.after) = (AlignReport.total(before), AlignReport.total(after))
  }

  private static func total(_ differences: [TensorDifference]) -> TensorDifference {
    differences.reduce(into: TensorDifference()) { $0.merge($1) }
  }

  /// One row before and one after, over all parameters in common.
  public var distances: ReportTable {
    let states = [before, after]
    return ReportTable(
      rowCount: 2,
      columns: [
        .init("state", heading: "", .text(["before", "after"])),
        .init("diff_l2", heading: "‖A − B‖", .real(states.map(\.l2))),
        .init("relative", heading: "relative", .real(states.map(\.relative))),
        .init("cosine", heading: "cosine", .real(states.map(\.cosine))),
        .init("diff_largest", heading: "max|A−B|", .real(states.map(\.largest))),
        .init("norm_a", heading: "‖A‖", .real(states.map(\.normA))),
        .init("norm_b", heading: "‖B‖", .real(states.map(\.normB))),
        .init("numel", .integer(states.map(\.count))),
      ])
  }

  /// One row for each group of units.
  public var groups: ReportTable {
    let groups = matching.groups
    return ReportTable(
      rowCount: groups.count,
      columns: [
        .init("group", heading: "group", .text(groups.map(\.group.description))),
        .init("units_kind", .text(groups.map(\.group.kind.rawValue))),
        .init("layer", .integer(groups.map(\.group.layer))),
        .init("units", heading: "units", .integer(groups.map(\.count))),
        .init("moved", heading: "moved", .integer(groups.map(\.moved))),
        .init("gain", heading: "gain in ⟨A, B⟩", .real(groups.map(\.gain))),
      ])
  }

  /// What to know about the figures, in one line.
  public var remark: String {
    "\(before.count.counted("weight")) in common; \(matching.steps.counted("assignment")); "
      + "after matching, even independent models have a cosine above chance"
  }
}
