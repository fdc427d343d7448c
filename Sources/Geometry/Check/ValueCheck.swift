import Checkpoints
import Tensors

/// Whether the values of two models are fit to be mixed: none that is NaN or infinite, no matrix that
/// is zero or constant.
///
/// Vectors are not looked at for that: biases that stayed zero and gains that stayed one are common.
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
    var (broken, zero, constant) = ([String](), [String](), [String]())
    for (label, model) in zip(["A", "B"], models) {
      let found = try statistics(of: model.parameters.map(\.record), using: resources)
      for (parameter, values) in zip(model.parameters, found) {
        let name = "\(parameter.name.canonical) of \(label)"
        let isMatrix = values.count > 1 && parameter.record.shape.rank > 1
        if values.nan + values.infinite > 0 {
          broken.append(name)
        } else if isMatrix && values.zeros == values.count {
          zero.append(name)
        } else if isMatrix && values.least == values.greatest {
          constant.append(name)
        }
      }
    }
    return [finite(broken), matrices(zero, constant)]
  }

  private func finite(_ broken: [String]) -> CheckLine {
    broken.isEmpty
      ? CheckLine(.ok, "values", "all are finite")
      : CheckLine(.failure, "values", "NaN or infinite in \(ParameterCheck.listed(broken))")
  }

  private func matrices(_ zero: [String], _ constant: [String]) -> CheckLine {
    let faults = [("all zero", zero), ("constant", constant)].filter { !$0.1.isEmpty }
    return faults.isEmpty
      ? CheckLine(.ok, "matrices", "none is zero or constant")
      : CheckLine(
        .warning, "matrices",
        faults.map { "\($0): \(ParameterCheck.listed($1))" }.joined(separator: "; "))
  }
}
