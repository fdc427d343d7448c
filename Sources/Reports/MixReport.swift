import Checkpoints
import Geometry
import Tensors

/// What a checkpoint was mixed from, and what became of its elements.
public struct MixReport: Sendable {
  private let mix: CheckpointMix
  private let tallies: [CombinationTally]
  private let labels: [String]

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - mix: what was done.
  ///   - tallies: what became of the elements of each tensor.
  ///   - labels: names of the checkpoints.
  public init(_ mix: CheckpointMix, tallies: [CombinationTally], labels: [String]) {
    (self.mix, self.tallies, self.labels) = (mix, tallies, labels)
  }

  /// A tensor has lost something to rounding if more of its changes than this are swallowed.
  public static let notableShare = 0.01

  /// One row for each treatment and combination of coefficients.
  public var summary: ReportTable {
    let groups = groups
    let sums = groups.map { group in
      group.tensors.reduce(into: CombinationTally()) { $0.merge(tallies[$1]) }
    }
    return ReportTable(
      rowCount: groups.count,
      columns: [
        .init("treatment", heading: "", .text(groups.map(\.key.treatment.rawValue))),
        .init("coefficients", heading: "coefficients", .text(groups.map(coefficients))),
        .init("tensors", heading: "tensors", .integer(groups.map(\.tensors.count))),
      ] + columns(sums))
  }

  /// One row for each tensor, in the order of the file.
  public var tensors: ReportTable {
    table(Array(mix.tensors.indices))
  }

  /// The tensors that lost a notable part of their changes, the worst ten of them first.
  public var swallowed: ReportTable { table(Array(notable.prefix(10))) }

  private var notable: [Int] {
    tallies.indices.filter { tallies[$0].swallowedShare > MixReport.notableShare }
      .sorted { (-tallies[$0].swallowedShare, $0) < (-tallies[$1].swallowedShare, $1) }
  }

  private func table(_ rows: [Int]) -> ReportTable {
    let tensors = rows.map { mix.tensors[$0] }
    let coefficients = labels.indices.map { input in
      ReportTable.Column(
        "coefficient_\(input)", .real(tensors.map { $0.coefficients[input] }))
    }
    return ReportTable(
      rowCount: rows.count,
      columns: [
        .init("tensor", heading: "tensor", .text(tensors.map(\.name.canonical.text))),
        .init("treatment", .text(tensors.map(\.treatment.rawValue))),
        .init("dtype", heading: "dtype", .text(tensors.map(\.combiner.dtype.rawValue))),
      ] + coefficients + columns(rows.map { tallies[$0] }))
  }

  private func columns(_ tallies: [CombinationTally]) -> [ReportTable.Column] {
    let hasNonfinite = tallies.contains { $0.nonfinite > 0 }
    return [
      .init("numel", heading: "values", .integer(tallies.map(\.count))),
      .init("n_changed", heading: "changed", .integer(tallies.map(\.changed))),
      .init("n_swallowed", heading: "swallowed", .integer(tallies.map(\.swallowed))),
      .init("swallowed_share", heading: "share", .real(tallies.map(\.swallowedShare))),
      .init(
        "n_nonfinite", heading: hasNonfinite ? "not finite" : nil,
        .integer(tallies.map(\.nonfinite))),
    ]
  }

  private struct GroupKey: Hashable {
    let treatment: CheckpointMix.Treatment
    let coefficients: String
  }

  private var groups: [(key: GroupKey, tensors: [Int])] {
    var groups: [(key: GroupKey, tensors: [Int])] = []
    var places: [GroupKey: Int] = [:]
    for (index, tensor) in mix.tensors.enumerated() {
      let key = GroupKey(treatment: tensor.treatment, coefficients: text(tensor))
      let place = places[key] ?? groups.count
      if place == groups.count { groups.append((key, [])) }
      places[key] = place
      groups[place].tensors.append(index)
    }
    return groups
  }

  private func text(_ tensor: CheckpointMix.Tensor) -> String {
    guard tensor.treatment == .mixed else { return labels[0] }
    if let alpha = tensor.sphericalAlpha { return "spherical, alpha \(alpha.brief)" }
    return sum(tensor.coefficients.map(\.brief))
  }

  /// Those of a group; where they follow from angles, the range of each.
  private func coefficients(_ group: (key: GroupKey, tensors: [Int])) -> String {
    let tensors = group.tensors.map { mix.tensors[$0] }
    guard tensors[0].sphericalAlpha != nil else { return group.key.coefficients }
    return "\(group.key.coefficients): "
      + sum(
        labels.indices.map { input in
          let values = tensors.map { $0.coefficients[input] }.sorted()
          let ends = [values[0].brief, values[values.count - 1].brief]
          return ends[0] == ends[1] ? ends[0] : "\(ends[0])…\(ends[1])"
        })
  }

  private func sum(_ coefficients: [String]) -> String {
    zip(coefficients, labels).map { "\($0) \($1)" }.joined(separator: " + ")
  }

  /// What a person should know, one sentence each.
  public var warnings: [String] {
    let nonfinite = tallies.reduce(0) { $0 + $1.nonfinite }
    let lost = notable
    let most = lost.first.map { tallies[$0].swallowedShare } ?? 0
    let notes = [
      lost.isEmpty
        ? nil
        : "rounding swallows more than 1 % of the changes in \(lost.count) of "
          + "\(mix.tensors.count) tensors, at most \((100 * most).brief) % "
          + "(\(mix.tensors[lost[0]].name.canonical)); --dtype F32 keeps them",
      nonfinite == 0 ? nil : "\(nonfinite.grouped) values are NaN or infinite",
      notes("only in \(labels[0])", .onlyInFirst),
      mix.leftOut.isEmpty
        ? nil
        : "\(mix.leftOut.count) tensors that \(labels[0]) lacks are left out: \(list(mix.leftOut))",
    ]
    return notes.compactMap { $0?.escapedForTerminal }
  }

  private func notes(_ reason: String, _ treatment: CheckpointMix.Treatment) -> String? {
    let names = mix.tensors.filter { $0.treatment == treatment }.map(\.name.canonical)
    return names.isEmpty ? nil : "\(names.count) tensors are \(reason) and copied: \(list(names))"
  }

  private func list(_ names: [TensorName]) -> String {
    names.prefix(3).map(\.text).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
  }
}
