/// Tokens that are read together, and which of them are scored.
public struct ScoredTokens: Hashable, Sendable {
  /// The tokens, the first at position 0.
  public let tokens: [Int32]
  /// Positions of the tokens whose own negative log-likelihood is wanted, each given those before
  /// it. The first token has none before it, so 0 is not among them.
  public let scored: Range<Int>

  /// Describes a window.
  ///
  /// - Parameters:
  ///   - tokens: the tokens.
  ///   - scored: positions within 1..<tokens.count, or an empty range.
  public init(tokens: [Int32], scored: Range<Int>) {
    precondition(scored.isEmpty || scored.lowerBound >= 1 && scored.upperBound <= tokens.count)
    (self.tokens, self.scored) = (tokens, scored)
  }

  /// How many tokens a model reads: none after the last that is scored, nor that one itself.
  var readCount: Int { scored.isEmpty ? 0 : scored.upperBound - 1 }
}
