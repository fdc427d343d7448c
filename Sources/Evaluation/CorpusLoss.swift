/// The loss of one model on one text, document by document.
///
/// Documents are what standard errors and intervals take as independent. A document's loss is the
/// sum of the negative log-likelihoods of its scored tokens, in nats.
public struct CorpusLoss: Hashable, Sendable {
  /// Nats, one sum for each document.
  public let nats: [Double]
  /// Scored tokens, one count for each document.
  public let tokenCounts: [Int]

  /// Collects the losses of a text's documents.
  ///
  /// - Parameters:
  ///   - nats: one sum for each document.
  ///   - tokenCounts: one for each document, not negative.
  public init(nats: [Double], tokenCounts: [Int]) {
    precondition(nats.count == tokenCounts.count)
    (self.nats, self.tokenCounts) = (nats, tokenCounts)
  }

  /// Scored tokens of all documents.
  public var tokenCount: Int { tokenCounts.reduce(0, +) }

  /// Nats per token, Σ nats / Σ tokens; NaN if no token is scored.
  public var mean: Double { estimate.value }

  private var estimate: RatioEstimate { RatioEstimate(sums: nats, counts: tokenCounts) }

  /// The standard error of ``mean`` over documents, as ``RatioError`` takes it.
  public var standardError: Double { estimate.standardError }

  /// exp of ``mean``.
  public var perplexity: Double { exponential(mean) }

  /// The standard error of ``perplexity``, to first order: perplexity · standard error of the mean.
  public var perplexityError: Double { perplexity * standardError }
}
