/// The numbers of one text. What was not asked for, or does not exist, is NaN: a text of nothing but
/// white space has no words and none of the other numbers.
public struct TextFigures: Hashable, Codable, Sendable {
  /// Whether it has nothing but white space.
  public let isEmpty: Bool
  /// How many words it has.
  public let wordCount: Int
  /// How much it repeats itself.
  public let repetition: Repetition
  /// −Σ ln p of its tokens, in nats.
  public internal(set) var nats = Double.nan
  /// Tokens that the scorer scored.
  public internal(set) var tokenCount = 0
  /// P(negative), by the classifier of sentiment.
  public internal(set) var negative = Double.nan
  /// P(neutral); NaN for a classifier without such a class.
  public internal(set) var neutral = Double.nan
  /// P(positive).
  public internal(set) var positive = Double.nan
  /// P(positive) + P(neutral) / 2; see ``PositiveScore``.
  public internal(set) var positiveScore = Double.nan
  /// P(acceptable), by the classifier of grammar; see ``GrammarScore``.
  public internal(set) var grammar = Double.nan

  /// exp(nats / tokens); NaN without tokens.
  public var perplexity: Double {
    tokenCount == 0 ? .nan : exponential(nats / Double(tokenCount))
  }

  /// The numbers that need no model.
  ///
  /// - Parameters:
  ///   - words: numbers of its words; none if it is empty.
  ///   - isEmpty: whether it has nothing but white space.
  init(_ words: [Int32], isEmpty: Bool) {
    precondition(!isEmpty || words.isEmpty)
    self.isEmpty = isEmpty
    (wordCount, repetition) = (words.count, Repetition(words))
  }
}
