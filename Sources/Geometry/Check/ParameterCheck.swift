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
      return CheckLine(.ok, "names", "\(pairing.pairs.count) parameters are in both")
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
      "\(heads[0] ? "A" : "B") has one of its own, the other has it tied to its embedding or left out"
    )
  }

  /// The first few of some names.
  static func listed(_ names: [String]) -> String {
    names.prefix(3).joined(separator: "; ")
      + (names.count > 3 ? "; and \(names.count - 3) more" : "")
  }
}

/// Whether the values of two models are fit to be mixed: none that is NaN or infinite, no matrix that is constant.
struct ValueCheck {
  private let models: [ParameterList]
  private let resources: WalkResources

  init(_ a: ParameterList, _ b: ParameterList, _ resources: WalkResources) {
    (models, self.resources) = ([a, b], resources)
  }

  /// A line for values that are not finite, and one for constant matrices.
  ///
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  func lines() throws -> [CheckLine] {
    var (broken, constant) = ([String](), [String]())
    for (label, model) in zip(["A", "B"], models) {
      let found = try statistics(of: model.parameters.map(\.record), using: resources)
      for (parameter, values) in zip(model.parameters, found) {
        let name = "\(parameter.name.canonical) of \(label)"
        if values.nan + values.infinite > 0 { broken.append(name) }
        if values.count > 1, parameter.record.shape.rank > 1, values.least == values.greatest {
          constant.append(name)
        }
      }
    }
    return [
      broken.isEmpty
        ? CheckLine(.ok, "values", "all are finite")
        : CheckLine(
          .failure, "values", "NaN or infinite values in \(ParameterCheck.listed(broken))"),
      constant.isEmpty
        ? CheckLine(.ok, "matrices", "none is constant")
        : CheckLine(.warning, "matrices", "constant: \(ParameterCheck.listed(constant))"),
    ]
  }
}
