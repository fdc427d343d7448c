/// A model Σ cᵢ θᵢ on a path or a plane: where it is, and how it does on each text.
public struct SweepPoint: Hashable, Sendable {
  /// One coefficient for each checkpoint.
  public let coefficients: [Double]
  /// The loss on each text.
  public let losses: [CorpusLoss]

  /// Describes a point.
  ///
  /// - Parameters:
  ///   - coefficients: one for each checkpoint.
  ///   - losses: one for each text.
  public init(coefficients: [Double], losses: [CorpusLoss]) {
    (self.coefficients, self.losses) = (coefficients, losses)
  }
}
