import Checkpoints
import Geometry
import Models

/// GPT-2 checkpoints of one vocabulary, and ensembles of their logits.
///
/// Checkpoints are loaded once, each when a point first needs it, and stay in memory.
public final class EnsembledLanguageModel: LanguageModelFamily {
  /// The checkpoints, in the order of coefficients.
  public let checkpoints: [ParameterList]
  private let filter: Int?
  private let weights: [MixedStateDict]
  private let members: [GPT2]
  private var isLoaded: [Bool]

  /// Points that are evaluated together. Each costs about a tenth of running two members the size of
  /// GPT-2, and what was not finished of them is lost where a run is interrupted.
  public let pointsAtOnce = 16

  /// Allocates a model for each checkpoint.
  ///
  /// - Parameters:
  ///   - checkpoints: at least one; a `config.json` is looked for beside each, and one that has
  ///     none counts as the first.
  ///   - precision: how to hold the weights of matrices.
  ///   - headCount: heads of attention, where no configuration tells.
  ///   - filter: the checkpoint by whose logits tokens are chosen that generated text may have.
  /// - Throws: `ModelError` if a checkpoint is no GPT-2, or they do not have one vocabulary;
  ///   `CheckpointError` if a file cannot be read.
  public init(
    _ checkpoints: [ParameterList], precision: Precision, headCount: Int?, filter: Int?
  ) throws {
    precondition(!checkpoints.isEmpty)
    let configurations = try GPT2Configuration.configurations(of: checkpoints, headCount: headCount)
    (self.checkpoints, self.filter) = (checkpoints, filter)
    weights = try checkpoints.map { try MixedStateDict($0) }
    members = configurations.map { GPT2($0, precision: precision) }
    isLoaded = checkpoints.map { _ in false }
    try LogitEnsemble.requireOneVocabulary(
      members, paths: checkpoints.map(\.checkpoint.path))
  }

  /// Logits are summed.
  public var combination: ModelCombination { .logits(filter: filter) }
  /// How many different tokens there are, which all checkpoints agree on.
  public var vocabularySize: Int { members[0].vocabularySize }
  /// The shortest of the checkpoints' contexts.
  public var contextLength: Int { LogitEnsemble.contextLength(members) }
  /// The memory that the models take together.
  public var byteCount: Int { members.reduce(0) { $0 + $1.byteCount } }

  /// The memory that each thread takes besides.
  ///
  /// - Parameter positions: the most that are taken at once.
  /// - Returns: bytes.
  public func scratchByteCount(positions: Int) -> Int {
    LogitEnsemble.scratchByteCount(members, positions: positions)
  }

  /// The ensemble at a point; loads checkpoints that no point has needed before.
  ///
  /// - Parameters:
  ///   - coefficients: one for each checkpoint, finite, not all 0.
  ///   - threads: how many work at once.
  /// - Returns: the ensemble.
  /// - Throws: `CheckpointError` or `ModelError` if weights cannot be read or are not finite.
  public func at(
    _ coefficients: [Double], threads: Int
  ) throws -> any CausalLanguageModel {
    try load([coefficients], threads: threads)
    return try LogitEnsemble(members, coefficients: coefficients, filter: filter)
  }

  /// The losses at several points, for which each checkpoint reads the texts once.
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
    try load(points, threads: threads)
    let found = try texts.map { text in
      try LogitEnsemble.negativeLogLikelihoods(
        of: text.scoredTokens, members: members, at: points, threads: threads
      ).map(text.loss)
    }
    return points.indices.map { point in found.map { $0[point] } }
  }

  private func load(_ points: [[Double]], threads: Int) throws {
    for index in members.indices where !isLoaded[index] {
      guard index == filter || points.contains(where: { $0[index] != 0 }) else { continue }
      try members[index].load(weights[index], threads: threads)
      isLoaded[index] = true
    }
  }
}
