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
  /// - Parameters:
  ///   - checkpoints: labels, in the order of coefficients.
  ///   - ofText: whether text is generated, whose tokens may be filtered.
  /// - Returns: a line, or none; none of one checkpoint, with which nothing is summed.
  public func lines(_ checkpoints: [String], ofText: Bool) -> [String] {
    guard case .logits(let filter) = self, checkpoints.count > 1 else { return [] }
    let filtering = filter.flatMap {
      ofText ? "; of generated text \(checkpoints[$0]) filters the tokens" : nil
    }
    return [("logits are summed, not weights" + (filtering ?? "")).escapedForTerminal]
  }

  private func record(_ checkpoints: [String]) -> [(name: String, value: String)] {
    switch self {
    case .weights: [("combination", "weights")]
    case .logits(let filter):
      [("combination", "logits"), ("filter", filter.map { checkpoints[$0] } ?? "ensemble")]
    }
  }
}
