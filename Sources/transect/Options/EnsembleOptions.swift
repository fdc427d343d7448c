import ArgumentParser
import Evaluation

/// Whether weights are combined, or logits.
struct EnsembleOptions: ParsableArguments {
  /// How logits are combined.
  enum Ensemble: String, CaseIterable, ExpressibleByArgument {
    /// Tokens of generated text are filtered by the base.
    case dexperts
    /// They are filtered by the ensemble itself.
    case logits
  }

  @Option(
    help: """
      Sum logits instead of weights, with the same coefficients; all checkpoints are in memory. \
      dexperts: --top-p and --top-k of generated text choose tokens by the base, at temperature 1, \
      and the ensemble draws from those; the base is C, or A where there is none. logits: they \
      choose by the ensemble. Losses and probabilities are of the whole vocabulary in both.
      """)
  var ensemble: Ensemble?

  /// What is combined.
  ///
  /// - Parameter base: the position of the base among the checkpoints.
  /// - Returns: the combination.
  func combination(base: Int) -> ModelCombination {
    switch ensemble {
    case nil: .weights
    case .logits: .logits(filter: nil)
    case .dexperts: .logits(filter: base)
    }
  }

  /// The options that shape a result, in a fixed order.
  var recorded: [String] { ensemble.map { ["--ensemble", $0.rawValue] } ?? [] }
}
