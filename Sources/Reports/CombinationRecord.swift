import Evaluation
import HDF5
import JSON

extension ModelCombination {
  /// Whether distances between weights say something of its points.
  public var isOfWeights: Bool { self == .weights }

  /// What is combined, as attributes of a result: `combination` and, of logits, `filter`.
  ///
  /// - Parameter checkpoints: labels, in the order of coefficients.
  /// - Returns: attributes of the groups that hold numbers of combined models.
  public func attributes(_ checkpoints: [String]) -> [ResultAttribute] {
    record(checkpoints).map { ResultAttribute($0.name, .text($0.value)) }
  }

  /// The same as members of a JSON header.
  ///
  /// - Parameter checkpoints: labels, in the order of coefficients.
  /// - Returns: names, and values that are JSON already.
  public func jsonMembers(_ checkpoints: [String]) -> [(String, String)] {
    record(checkpoints).map { ($0.name, jsonString($0.value)) }
  }

  /// The same for a person, of logits alone.
  ///
  /// - Parameter checkpoints: labels, in the order of coefficients.
  /// - Returns: a line, or none.
  public func lines(_ checkpoints: [String]) -> [String] {
    switch self {
    case .weights: []
    case .logits(nil): ["logits are summed, not weights"]
    case .logits(let filter?):
      [
        "logits are summed, not weights; of generated text \(checkpoints[filter]) filters the tokens"
          .escapedForTerminal
      ]
    }
  }

  private func record(_ checkpoints: [String]) -> [(name: String, value: String)] {
    switch self {
    case .weights: [("combination", "weights")]
    case .logits(let filter):
      [("combination", "logits"), ("filter", filter.map { checkpoints[$0] } ?? "ensemble")]
    }
  }
}
