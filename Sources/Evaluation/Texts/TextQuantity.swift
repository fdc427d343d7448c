/// What the texts of a set are summarized by. Errors take prompts as independent.
public enum TextQuantity: String, CaseIterable, Hashable, Codable, Sendable {
  /// The mean over texts of exp(nats / tokens), as DExperts has it.
  case textPerplexity = "text_perplexity"
  /// The same over texts whose own is below 10⁴; DExperts' evaluation leaves the others out.
  case boundedPerplexity = "text_perplexity_below_1e4"
  /// exp(Σ nats / Σ tokens) over all texts.
  case corpusPerplexity = "corpus_perplexity"
  /// Σ nats / Σ tokens.
  case nll
  /// Mean of P(positive) + P(neutral) / 2.
  case positiveScore = "positive_score"
  /// Mean of P(acceptable).
  case grammar
  /// The mean over prompts of distinct-1 over the texts of each, as DExperts has it.
  case distinct1 = "distinct_1"
  /// The same of 2-grams.
  case distinct2 = "distinct_2"
  /// The same of 3-grams.
  case distinct3 = "distinct_3"
  /// Distinct-1 over all texts of the set. It falls with the number of texts, and is no mean, so it
  /// has no standard error.
  case distinct1OfSet = "distinct_1_of_set"
  /// The same of 2-grams.
  case distinct2OfSet = "distinct_2_of_set"
  /// The same of 3-grams.
  case distinct3OfSet = "distinct_3_of_set"
  /// The mean share of 4-grams that a text had before; see ``Repetition``.
  case repetition = "repetition_4"
  /// The share of texts that end in a repeated phrase; see ``Repetition``.
  case loops = "ends_in_loop"
  /// The mean number of words.
  case words = "words_per_text"

  /// Texts of more perplexity are left out of ``boundedPerplexity``.
  public static let perplexityBound = 1e4

  /// The n of distinct-n over the texts of a prompt, if it is that.
  var lengthByPrompt: Int? {
    [.distinct1, .distinct2, .distinct3].firstIndex(of: self).map { $0 + 1 }
  }
  /// The n of distinct-n over a set, if it is that.
  var lengthOfSet: Int? {
    [.distinct1OfSet, .distinct2OfSet, .distinct3OfSet].firstIndex(of: self).map { $0 + 1 }
  }
}

extension TextFigures {
  /// What a text adds to a mean over texts; NaN if nothing.
  func value(_ quantity: TextQuantity) -> Double {
    switch quantity {
    case .textPerplexity: perplexity
    case .boundedPerplexity: perplexity < TextQuantity.perplexityBound ? perplexity : .nan
    case .positiveScore: positiveScore
    case .grammar: grammar
    case .repetition: repetition.share
    case .loops: isEmpty ? .nan : repetition.endsInLoop ? 1 : 0
    case .words: isEmpty ? .nan : Double(wordCount)
    case .corpusPerplexity, .nll, .distinct1, .distinct2, .distinct3, .distinct1OfSet,
      .distinct2OfSet, .distinct3OfSet:
      .nan
    }
  }
}
