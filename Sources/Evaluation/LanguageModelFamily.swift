import Geometry
import Models

/// What is combined of checkpoints, Σ cᵢ of what.
public enum ModelCombination: Hashable, Codable, Sendable {
  /// Their weights: one model f(Σ cᵢ θᵢ).
  case weights
  /// Their logits: Σ cᵢ f(θᵢ). Tokens that generated text may have are chosen by the logits of the
  /// checkpoint at the position `filter`, or by the sum if there is none.
  case logits(filter: Int?)
}

/// Checkpoints, and a language model for each point of a path or a plane through them.
public protocol LanguageModelFamily {
  /// The checkpoints, in the order of coefficients.
  var checkpoints: [ParameterList] { get }
  /// What is combined.
  var combination: ModelCombination { get }
  /// How many different tokens there are.
  var vocabularySize: Int { get }
  /// How many positions a window may have, at any point.
  var contextLength: Int { get }
  /// The memory that all models which are held at once take.
  var byteCount: Int { get }
  /// How many points are evaluated in about the time of one.
  var pointsAtOnce: Int { get }

  /// The memory that each thread takes besides.
  ///
  /// - Parameter positions: the most that are taken at once.
  /// - Returns: bytes.
  func scratchByteCount(positions: Int) -> Int

  /// The model at a point, of use until the next call.
  ///
  /// - Parameters:
  ///   - coefficients: one for each checkpoint, finite, not all 0.
  ///   - threads: how many work at once.
  /// - Returns: the model.
  /// - Throws: `CheckpointError` or `ModelError` if weights cannot be read or are not finite.
  func at(_ coefficients: [Double], threads: Int) throws -> any CausalLanguageModel

  /// The losses at several points; the bits of a point depend on no other.
  ///
  /// - Parameters:
  ///   - texts: what to score, in windows within the context.
  ///   - points: coefficients of each.
  ///   - threads: how many work at once.
  /// - Returns: [points][texts].
  /// - Throws: what ``at(_:threads:)`` throws; `ModelError` if a window cannot be read.
  func losses(
    on texts: [ScoredText], at points: [[Double]], threads: Int
  ) throws -> [[CorpusLoss]]
}

extension LanguageModelFamily {
  /// One: each point is a model of its own.
  public var pointsAtOnce: Int { 1 }

  /// The losses of one model after the other.
  ///
  /// - Parameters:
  ///   - texts: what to score, in windows within the context.
  ///   - points: coefficients of each.
  ///   - threads: how many work at once.
  /// - Returns: [points][texts].
  /// - Throws: what ``at(_:threads:)`` throws; `ModelError` if a window cannot be read.
  public func losses(
    on texts: [ScoredText], at points: [[Double]], threads: Int
  ) throws -> [[CorpusLoss]] {
    try points.map { point in
      let model = try at(point, threads: threads)
      return try texts.map { text in
        text.loss(try model.negativeLogLikelihoods(of: text.scoredTokens, threads: threads))
      }
    }
  }
}
