import Geometry
import Models
import Tensors

/// How far a model on a line through weight space is what its first-order expansion says.
///
///     f(θ(α)) ≈ f(θ(α₀)) + (α − α₀) ⟨∇f(θ(α₀)), dθ/dα⟩
///
/// taken at anchors α₀, for f the logits and for f the loss; where it holds, adding weights is
/// adding logits, so the ensemble of the ends' logits is beside it.
///
/// Source: arXiv 2211.12092, section 5.
public struct Linearization: Sendable {
  /// Places on the line, ascending.
  public let alphas: [Double]
  /// Where expansions start.
  public let anchors: [Double]
  /// Losses of the models themselves: [alphas][texts].
  public internal(set) var losses: [[CorpusLoss]] = []
  /// Losses by expanded logits: [anchors][alphas][texts].
  public internal(set) var expanded: [[[CorpusLoss]]] = []
  /// d loss / dα at each anchor, nats per token: [anchors][texts].
  public internal(set) var slopes: [[Double]] = []
  /// Losses of ensembles (1 − α) z_A + α z_B of the ends' logits: [alphas][texts].
  public internal(set) var ensembles: [[CorpusLoss]] = []
  /// Of the logits of a sample of positions, each less its mean over the vocabulary:
  /// ‖f(θ(α)) − expansion‖ / ‖f(θ(α)) − f(θ(α₀))‖; NaN at α₀: [anchors][alphas].
  public internal(set) var logitErrors: [[Double]] = []
  /// Positions in the sample.
  public internal(set) var sampleCount = 0
}

/// Measures how linear models are along a line.
public final class LinearityStudy {
  private let models: MixedLanguageModel
  /// Holds what is added along the line, or the other end.
  private let second: GPT2
  private let path: InterpolationPath
  private let texts: [ScoredText]
  private let threads: Int
  private let sample: LogitSample

  /// Prepares a study.
  ///
  /// - Parameters:
  ///   - models: the checkpoints.
  ///   - path: the line; its ends, α 0 and 1, are what ensembles are made of.
  ///   - texts: what to score.
  ///   - threads: how many work at once; numbers do not depend on it.
  ///   - sampleByteCount: memory for the logits that are compared.
  public init(
    _ models: MixedLanguageModel, path: InterpolationPath, texts: [ScoredText], threads: Int,
    sampleByteCount: Int
  ) {
    (self.models, self.path, self.texts, self.threads) = (models, path, texts, threads)
    let configuration = models.model.configuration
    second = GPT2(configuration, precision: models.model.precision)
    sample = LogitSample(
      of: texts, words: configuration.vocabularySize, byteLimit: sampleByteCount)
  }

  /// Takes all measurements.
  ///
  /// - Parameters:
  ///   - alphas: places on the line, ascending.
  ///   - anchors: where expansions start.
  ///   - progress: hears after each pass over the texts.
  /// - Returns: the measurements.
  /// - Throws: what loading weights and running models throws.
  /// - Complexity: a pass over the texts for each α, four for each anchor, two for the ensembles.
  public func run(
    alphas: [Double], anchors: [Double], progress: () -> Void
  ) throws -> Linearization {
    var found = Linearization(alphas: alphas, anchors: anchors)
    found.sampleCount = sample.count
    try load(second, path.direction)
    var expansions: [LogitSample.Expansion] = []
    for anchor in anchors {
      try load(models.model, path.coefficients(at: anchor))
      expansions.append(
        try sample.expansion(of: models.model, along: second, at: anchor, threads: threads))
      try expand(&found, anchor)
      progress()
    }
    var sums = anchors.map { _ in [LogitSample.Gap]() }
    for alpha in alphas {
      try load(models.model, path.coefficients(at: alpha))
      found.losses.append(try texts.map(loss))
      let logits = try sample.logits(of: models.model, threads: threads)
      for index in anchors.indices { sums[index].append(expansions[index].gap(logits, at: alpha)) }
      progress()
    }
    found.logitErrors = sums.map { $0.map(\.relativeError) }
    try addEnsembles(&found)
    progress()
    return found
  }

  private func load(_ model: GPT2, _ coefficients: [Double]) throws {
    try model.load(models.weights.at(coefficients), threads: threads)
  }

  private func loss(_ text: ScoredText) throws -> CorpusLoss {
    text.loss(
      try models.model.negativeLogLikelihoods(of: text.scoredTokens, threads: threads))
  }

  private func expand(_ found: inout Linearization, _ anchor: Double) throws {
    let steps = found.alphas.map { $0 - anchor }
    var (losses, slopes) = (steps.map { _ in [CorpusLoss]() }, [Double]())
    for text in texts {
      let results = try models.model.linearizedLikelihoods(
        of: text.scoredTokens, along: second, steps: steps, threads: threads)
      for step in steps.indices {
        losses[step].append(text.loss(results.map { $0.map { $0.values[step] } }))
      }
      slopes.append(text.loss(results.map { $0.map(\.derivative) }).mean)
    }
    found.expanded.append(losses)
    found.slopes.append(slopes)
  }

  private func addEnsembles(_ found: inout Linearization) throws {
    try load(models.model, path.coefficients(at: 0))
    try load(second, path.coefficients(at: 1))
    found.ensembles = found.alphas.map { _ in [] }
    for text in texts {
      let losses = try LogitEnsemble.negativeLogLikelihoods(
        of: text.scoredTokens, members: [models.model, second],
        at: found.alphas.map { [1 - $0, $0] }, threads: threads
      ).map(text.loss)
      for step in found.alphas.indices { found.ensembles[step].append(losses[step]) }
    }
  }
}

extension ScoredText {
  /// The windows as models take them.
  var scoredTokens: [ScoredTokens] {
    windows.map { ScoredTokens(tokens: $0.tokens, scored: $0.scored) }
  }
}
