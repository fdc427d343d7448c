import Tensors

/// Whether two models have the same parameters: names, shapes, types, ties.
struct ParameterCheck {
  /// A line for each of these.
  let lines: [CheckLine]

  init(_ a: ParameterList, _ b: ParameterList, _ pairing: CheckpointPairing) {
    lines = [
      ParameterCheck.names(pairing), ParameterCheck.shapes(pairing), ParameterCheck.types(pairing),
      ParameterCheck.ties(a, b),
    ]
  }

  private static func names(_ pairing: CheckpointPairing) -> CheckLine {
    let alone = pairing.coverage.filter { [.onlyInBase, .onlyInOther].contains($0.status) }
    guard !alone.isEmpty else {
      let count = pairing.coverage.count { [.compared, .shapeMismatch].contains($0.status) }
      return CheckLine(.ok, "names", "\(count) parameters are in both")
    }
    return CheckLine(
      .failure, "names",
      "\(alone.count) parameters are only in one: \(listed(alone.map(\.name.description)))")
  }

  private static func shapes(_ pairing: CheckpointPairing) -> CheckLine {
    let mismatches = pairing.coverage.filter { $0.status == .shapeMismatch }
    guard mismatches.isEmpty else {
      return CheckLine(
        .failure, "shapes", listed(mismatches.map { "\($0.name): \($0.detail)" }))
    }
    let cut = pairing.pairs.filter { $0.remark.contains("rows of") }
    guard cut.isEmpty else {
      return CheckLine(
        .warning, "shapes",
        "embeddings differ in rows: \(listed(cut.map { "\($0.name.canonical): \($0.remark)" }))")
    }
    return CheckLine(.ok, "shapes", "all are the same")
  }

  private static func types(_ pairing: CheckpointPairing) -> CheckLine {
    guard !pairing.pairs.isEmpty else {
      return CheckLine(.warning, "types", "not compared: no parameter has one shape in both")
    }
    let mixed = pairing.pairs.filter { $0.base.dtype != $0.other.dtype }
    guard let first = mixed.first else {
      let types = Set(pairing.pairs.map(\.base.dtype.rawValue)).sorted()
      return CheckLine(.ok, "types", "the same in both: \(types.joined(separator: ", "))")
    }
    return CheckLine(
      .warning, "types",
      "\(mixed.count) parameters differ, such as \(first.name.canonical): "
        + "\(first.base.dtype.rawValue) against \(first.other.dtype.rawValue)")
  }

  private static func ties(_ a: ParameterList, _ b: ParameterList) -> CheckLine {
    let heads = [a, b].map { model in
      (model.parameters.map(\.name) + model.ties.map(\.parameter.name)).contains(
        where: \.isOutputHead)
        && !model.ties.contains { $0.parameter.name.isOutputHead }
    }
    guard heads[0] != heads[1] else {
      return CheckLine(
        .ok, "output head", heads[0] ? "of its own in both" : "tied or left out in both")
    }
    return CheckLine(
      .warning, "output head",
      "\(heads[0] ? "A" : "B") has one of its own, "
        + "\(heads[0] ? "B" : "A") has it tied to the embedding or left out")
  }

  /// The first few of some names.
  static func listed(_ names: [String]) -> String {
    names.prefix(3).joined(separator: "; ")
      + (names.count > 3 ? "; and \(names.count - 3) more" : "")
  }
}
