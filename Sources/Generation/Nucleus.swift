import LinearAlgebra

/// The tokens of which the next is drawn.
public struct Nucleus: Hashable, Sendable {
  /// One of them.
  public struct Token: Hashable, Sendable {
    /// Its place in the vocabulary.
    public let id: Int32
    /// What its probability is proportional to.
    public let weight: Float
    /// What the model gives it at temperature 1 among the whole vocabulary, in nats.
    public let logProbability: Float
  }

  /// In the order of ids, at least one of positive weight.
  public let tokens: [Token]
  /// The total of the weights.
  public let mass: Double

  /// Creates the choice among some tokens.
  init(_ tokens: [Token]) {
    self.tokens = tokens
    mass = tokens.reduce(0) { $0 + Double($1.weight) }
  }

  /// Draws a token.
  ///
  ///     the first whose weights up to its own exceed u · mass
  ///
  /// - Parameter random: gives u, one number for each call.
  /// - Returns: a token of positive weight.
  public func draw(using random: inout RandomStream) -> Token {
    var rest = random.uniform() * mass
    var drawn = tokens[0]
    for token in tokens where token.weight > 0 {
      drawn = token
      rest -= Double(token.weight)
      if rest < 0 { break }
    }
    return drawn
  }
}
