import Models
import Tokenization

/// How likely a language model finds texts.
public struct TextLikelihood: Sendable {
  /// What likelihoods are taken of.
  public struct Rule: Hashable, Sendable {
    /// Whether a text is scored given its prompt, or as if nothing preceded it.
    public let isConditional: Bool
    /// Whether the end-of-text token precedes everything.
    public let startsAnew: Bool
    /// How far windows advance in texts that exceed the context; `nil` is the context.
    public let stride: Int?

    /// Makes a rule.
    ///
    /// - Parameters:
    ///   - isConditional: whether a text is scored given its prompt.
    ///   - startsAnew: whether the end-of-text token precedes everything. It always takes the place
    ///     of an empty prompt.
    ///   - stride: how far windows advance, at least 1; `nil` is the context.
    public init(isConditional: Bool = true, startsAnew: Bool = true, stride: Int? = nil) {
      precondition(stride.map { $0 >= 1 } ?? true)
      (self.isConditional, self.startsAnew) = (isConditional, startsAnew)
      self.stride = stride
    }
  }

  private let model: GPT2
  private let tokenizer: ByteLevelTokenizer
  /// What likelihoods are taken of.
  public let rule: Rule

  /// Joins a model and its tokenizer.
  ///
  /// - Parameters:
  ///   - model: with its weights loaded.
  ///   - tokenizer: has no ids that the model lacks.
  ///   - rule: what likelihoods are taken of; its stride is at most the context.
  public init(_ model: GPT2, tokenizer: ByteLevelTokenizer, rule: Rule) {
    precondition(rule.stride.map { $0 <= model.configuration.contextLength } ?? true)
    (self.model, self.tokenizer, self.rule) = (model, tokenizer, rule)
  }

  /// The losses of texts, each a document.
  ///
  /// Prompt and text are encoded apart and joined as ids, so that the prompt's ids are the same
  /// before every text and each byte of the text counts in its own ids alone. Ids that a model drew
  /// are not used: the text is what is scored, by whatever tokenizer. Texts that exceed the context
  /// are cut into windows as ``ScoredText`` cuts documents.
  ///
  /// - Parameters:
  ///   - texts: the texts; an empty one has no token to score.
  ///   - threads: how many work at once; numbers do not depend on it.
  /// - Returns: nats and tokens of each text.
  /// - Throws: `ModelError` if the model cannot read a token.
  public func losses(of texts: [PromptedText], threads: Int) throws -> CorpusLoss {
    let scored = scoredText(texts)
    return scored.loss(
      try model.negativeLogLikelihoods(of: scored.scoredTokens, threads: threads))
  }

  private func scoredText(_ texts: [PromptedText]) -> ScoredText {
    var encoder = tokenizer.encoder()
    let start = tokenizer.endOfText.map { [$0] } ?? []
    let prefixes = texts.map { text in
      let prompt = rule.isConditional ? encoder.encode(text.prompt) : []
      let needsStart = rule.startsAnew || rule.isConditional && prompt.isEmpty
      return (needsStart ? start : []) + prompt
    }
    return ScoredText(
      "texts", documents: texts.map { encoder.encode($0.text) },
      context: model.configuration.contextLength, stride: rule.stride, prefixes: prefixes)
  }
}
