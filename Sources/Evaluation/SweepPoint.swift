import Generation

/// A model Σ cᵢ θᵢ on a path or a plane: where it is, how it does on each text, and what it writes.
public struct SweepPoint: Hashable, Sendable {
  /// One coefficient for each checkpoint.
  public let coefficients: [Double]
  /// The loss on each text.
  public let losses: [CorpusLoss]
  /// Texts that it wrote, prompt by prompt.
  public let written: [GeneratedText]

  /// Describes a point.
  ///
  /// - Parameters:
  ///   - coefficients: one for each checkpoint.
  ///   - losses: one for each text.
  ///   - written: texts that it wrote, prompt by prompt.
  public init(
    coefficients: [Double], losses: [CorpusLoss], written: [GeneratedText] = []
  ) {
    (self.coefficients, self.losses, self.written) = (coefficients, losses, written)
  }
}
