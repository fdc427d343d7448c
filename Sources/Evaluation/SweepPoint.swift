import Generation

/// A model Σ cᵢ θᵢ on a path or a plane: where it is, how it does on each text, and what it writes.
public struct SweepPoint: Hashable, Sendable {
  /// One coefficient for each checkpoint.
  public let coefficients: [Double]
  /// The loss on each text.
  public let losses: [CorpusLoss]
  /// Texts that it wrote, prompt by prompt.
  public let written: [GeneratedText]
  /// Whether nothing is known of it yet: losses are NaN, texts are missing.
  public let isPending: Bool

  /// Describes a point.
  ///
  /// - Parameters:
  ///   - coefficients: one for each checkpoint.
  ///   - losses: one for each text.
  ///   - written: texts that it wrote, prompt by prompt.
  ///   - isPending: whether nothing is known of it yet.
  public init(
    coefficients: [Double], losses: [CorpusLoss], written: [GeneratedText] = [],
    isPending: Bool = false
  ) {
    (self.coefficients, self.losses, self.written) = (coefficients, losses, written)
    self.isPending = isPending
  }

  /// A point of which nothing is known yet.
  ///
  /// - Parameters:
  ///   - coefficients: one for each checkpoint.
  ///   - tokenCounts: scored tokens of each document of each text.
  public init(pendingAt coefficients: [Double], tokenCounts: [[Int]]) {
    self.init(
      coefficients: coefficients,
      losses: tokenCounts.map { CorpusLoss(nats: $0.map { _ in .nan }, tokenCounts: $0) },
      isPending: true)
  }
}
