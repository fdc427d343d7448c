import Tokenization

/// Takes the numbers of texts, by the models it has.
///
/// It needs none: lengths, distinct n-grams and repetition are of the texts alone.
public struct TextScorer: Sendable {
  /// Gives perplexities, if there is one.
  public let likelihood: TextLikelihood?
  /// What counts as a word.
  public let wordRule: WordRule

  /// Joins models.
  ///
  /// - Parameters:
  ///   - likelihood: gives perplexities.
  ///   - wordRule: what counts as a word.
  public init(likelihood: TextLikelihood? = nil, wordRule: WordRule = .whitespace) {
    (self.likelihood, self.wordRule) = (likelihood, wordRule)
  }

  /// Whether there is a model for a quantity.
  ///
  /// - Parameter quantity: what of.
  /// - Returns: whether ``scores(of:threads:)`` has numbers for it.
  public func gives(_ quantity: TextQuantity) -> Bool {
    switch quantity {
    case .textPerplexity, .boundedPerplexity, .corpusPerplexity, .nll: likelihood != nil
    case .positiveScore, .grammar: false
    default: true
    }
  }

  /// The numbers of all texts of some sets, in one pass of each model.
  ///
  /// - Parameters:
  ///   - sets: the texts.
  ///   - threads: how many work at once; numbers do not depend on it.
  /// - Returns: the scores of each set.
  /// - Throws: `ModelError` if a model cannot read a text.
  public func scores(of sets: [TextSet], threads: Int) throws -> [TextScores] {
    let texts = sets.flatMap(\.texts)
    var numbering = WordNumbering(wordRule)
    let words = texts.map { numbering.numbers(of: $0.text) }
    var figures = zip(texts, words).map { text, words in
      TextFigures(words, isEmpty: TextEncoder.spacedWords(of: text.text).isEmpty)
    }
    try addLosses(&figures, texts, threads)
    var start = 0
    return sets.map { set in
      let range = start..<start + set.texts.count
      start = range.upperBound
      return TextScores(set, figures: Array(figures[range]), words: Array(words[range]))
    }
  }

  private func addLosses(
    _ figures: inout [TextFigures], _ texts: [PromptedText], _ threads: Int
  ) throws {
    guard let losses = try likelihood?.losses(of: texts, threads: threads) else { return }
    for index in figures.indices {
      (figures[index].nats, figures[index].tokenCount) =
        (losses.nats[index], losses.tokenCounts[index])
    }
  }
}
