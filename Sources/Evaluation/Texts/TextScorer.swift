import Tokenization

/// Takes the numbers of texts, by the models it has.
///
/// It needs none: lengths, distinct n-grams and repetition are of the texts alone.
public struct TextScorer: Sendable {
  /// A classifier, and what is made of its probabilities.
  public struct Judge<Score: Sendable>: Sendable {
    /// Gives probabilities of classes.
    public let classifier: TextClassifier
    /// What is made of them.
    public let score: Score

    /// Joins both.
    ///
    /// - Parameters:
    ///   - classifier: gives probabilities of classes.
    ///   - score: what is made of them; of the same labels.
    public init(_ classifier: TextClassifier, _ score: Score) {
      (self.classifier, self.score) = (classifier, score)
    }
  }

  /// Gives perplexities, if there is one.
  public let likelihood: TextLikelihood?
  /// Tells how positive texts are, if there is one.
  public let sentiment: Judge<PositiveScore>?
  /// Tells how acceptable texts are, if there is one.
  public let grammar: Judge<GrammarScore>?
  /// Whether classifiers see the prompt with the text right behind it, or the text alone.
  public let showsPrompt: Bool
  /// What counts as a word.
  public let wordRule: WordRule

  /// Joins models.
  ///
  /// - Parameters:
  ///   - likelihood: gives perplexities.
  ///   - sentiment: tells how positive texts are.
  ///   - grammar: tells how acceptable texts are.
  ///   - showsPrompt: whether classifiers see prompt and text, as in DExperts, or the text alone.
  ///   - wordRule: what counts as a word.
  public init(
    likelihood: TextLikelihood? = nil, sentiment: Judge<PositiveScore>? = nil,
    grammar: Judge<GrammarScore>? = nil, showsPrompt: Bool = true,
    wordRule: WordRule = .whitespace
  ) {
    (self.likelihood, self.sentiment, self.grammar) = (likelihood, sentiment, grammar)
    (self.showsPrompt, self.wordRule) = (showsPrompt, wordRule)
  }

  /// Whether there is a model for a quantity.
  ///
  /// - Parameter quantity: what of.
  /// - Returns: whether ``scores(of:threads:)`` has numbers for it.
  public func gives(_ quantity: TextQuantity) -> Bool {
    switch quantity {
    case .textPerplexity, .boundedPerplexity, .corpusPerplexity, .nll: likelihood != nil
    case .positiveScore: sentiment != nil
    case .grammar: grammar != nil
    default: true
    }
  }

  /// The numbers of all texts of some sets, in one pass of each model. Models do not see texts of
  /// nothing but white space.
  ///
  /// - Parameters:
  ///   - sets: the texts.
  ///   - threads: how many work at once; numbers do not depend on it.
  /// - Returns: the scores of each set.
  /// - Throws: `ModelError` if a model cannot read a text.
  public func scores(of sets: [TextSet], threads: Int) throws -> [TextScores] {
    let texts = sets.flatMap(\.texts)
    var numbering = WordNumbering(wordRule)
    let words = texts.map { text in
      text.isEmpty ? [] : numbering.numbers(of: text.text)
    }
    var figures = zip(texts, words).map { TextFigures($1, isEmpty: $0.isEmpty) }
    let asked = figures.indices.filter { !figures[$0].isEmpty }
    try addLosses(&figures, texts, asked, threads)
    try addClasses(&figures, texts, asked, threads)
    var start = 0
    return sets.map { set in
      let range = start..<start + set.texts.count
      start = range.upperBound
      return TextScores(set, figures: Array(figures[range]), words: Array(words[range]))
    }
  }

  private func addLosses(
    _ figures: inout [TextFigures], _ texts: [PromptedText], _ asked: [Int], _ threads: Int
  ) throws {
    guard let losses = try likelihood?.losses(of: asked.map { texts[$0] }, threads: threads)
    else { return }
    for (place, index) in asked.enumerated() {
      (figures[index].nats, figures[index].tokenCount) =
        (losses.nats[place], losses.tokenCounts[place])
    }
  }

  private func addClasses(
    _ figures: inout [TextFigures], _ texts: [PromptedText], _ asked: [Int], _ threads: Int
  ) throws {
    guard sentiment != nil || grammar != nil else { return }
    let questions = asked.map { showsPrompt ? texts[$0].prompt + texts[$0].text : texts[$0].text }
    if let sentiment {
      let found = try sentiment.classifier.probabilities(of: questions, threads: threads)
      for (index, classes) in zip(asked, found) { figures[index].add(classes, sentiment.score) }
    }
    if let grammar {
      let found = try grammar.classifier.probabilities(of: questions, threads: threads)
      for (index, classes) in zip(asked, found) {
        figures[index].grammar = grammar.score.score(classes)
      }
    }
  }
}

extension PromptedText {
  /// Whether the text has nothing but white space.
  fileprivate var isEmpty: Bool { TextEncoder.spacedWords(of: text).isEmpty }
}

extension TextFigures {
  fileprivate mutating func add(_ classes: [Double], _ score: PositiveScore) {
    func probability(_ role: String) -> Double { score.roles[role].map { classes[$0] } ?? .nan }
    (negative, neutral) = (probability("negative"), probability("neutral"))
    (positive, positiveScore) = (probability("positive"), score.score(classes))
  }
}
