import Geometry
import Journals
import Models
import Tensors

/// The losses of many mixtures of the same checkpoints on the same texts.
///
/// One set of mixed weights is in memory; it is computed anew from the checkpoints at each point,
/// and nothing is written but the journal.
public final class Sweep {
  private let weights: MixedStateDict
  private let model: GPT2
  private let texts: [ScoredText]
  private let threads: Int
  private let journal: Journal?

  /// Prepares a sweep.
  ///
  /// - Parameters:
  ///   - weights: the checkpoints, with any coefficients.
  ///   - model: takes their mixtures.
  ///   - texts: what to score.
  ///   - threads: how many work at once; numbers do not depend on it.
  ///   - journal: keeps finished points, and has those of an interrupted run.
  public init(
    _ weights: MixedStateDict, model: GPT2, texts: [ScoredText], threads: Int, journal: Journal?
  ) {
    (self.weights, self.model, self.texts) = (weights, model, texts)
    (self.threads, self.journal) = (threads, journal)
  }

  /// Tokens that a point takes through the model.
  public var tokensPerPoint: Int {
    texts.reduce(0) { $0 + $1.windows.reduce(0) { $0 + $1.tokens.count } }
  }

  /// Evaluates a point, or finds it in the journal.
  ///
  /// - Parameter coefficients: one for each checkpoint, finite, not all 0.
  /// - Returns: the point with its losses.
  /// - Throws: `CheckpointError` or `ModelError` if weights cannot be read or are not finite;
  ///   `OutputError` if the journal cannot be written.
  public func point(at coefficients: [Double]) throws -> SweepPoint {
    let key = SweepRow.key(coefficients)
    if let losses = journal?.rows[key].flatMap({ SweepRow.losses($0, of: texts) }) {
      return SweepPoint(coefficients: coefficients, losses: losses)
    }
    try model.load(weights.at(coefficients), threads: threads)
    let losses = try texts.map { text in
      text.loss(
        try model.negativeLogLikelihoods(
          of: text.scoredTokens, threads: threads))
    }
    try journal?.append(key, SweepRow.json(losses))
    return SweepPoint(coefficients: coefficients, losses: losses)
  }

  /// Whether a point needs no evaluation any more.
  ///
  /// - Parameter coefficients: of the point.
  /// - Returns: whether the journal has it.
  public func isDone(_ coefficients: [Double]) -> Bool {
    journal?.rows[SweepRow.key(coefficients)] != nil
  }
}
