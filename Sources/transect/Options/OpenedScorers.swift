import ArgumentParser
import Checkpoints
import Evaluation
import Geometry
import Models
import Reports

/// The models that score texts, loaded once.
struct OpenedScorers {
  /// Takes the numbers of texts.
  let scorer: TextScorer
  /// The memory that the models take, and threads to run them.
  let byteCount: Int
  private let language: (argument: String, models: MixedLanguageModel, LanguageModelOptions)?
  private let sentiment: OpenedClassifier?
  private let grammar: OpenedClassifier?

  /// Loads models.
  ///
  /// - Parameters:
  ///   - options: which.
  ///   - language: how the scorer is run, and where its tokenizer is.
  ///   - resources: how to read, and with how many threads.
  ///   - output: must not be one of their files.
  ///   - command: what the result will record.
  ///   - extra: bytes of memory that are taken besides.
  /// - Throws: `CheckpointError`, `ModelError`, `TokenizationError` or `LabelError` if one cannot be
  ///   used; `ValidationError` if the memory granted is too little, or the stride too long.
  init(
    _ options: ScorerOptions, _ language: LanguageModelOptions, _ resources: ResourceOptions,
    before output: OutputOptions, making command: String, extra: Int
  ) throws {
    self.language = try options.scorer.map { argument in
      let checkpoints = try openModels(
        [argument], resources, before: output, making: command)
      return (argument, try language.models(checkpoints), language)
    }
    if let models = self.language?.models {
      try resources.requireMemory(for: models, extra: extra)
      _ = try models.at([1], threads: resources.threads)
    }
    let precision = language.precision
    sentiment = try options.sentiment.map {
      try OpenedClassifier($0, resources, precision: precision)
    }
    grammar = try options.grammar.map { try OpenedClassifier($0, resources, precision: precision) }
    let classifiers = [sentiment, grammar].compactMap { $0 }
    try output.checkOutput(against: classifiers.map(\.checkpoint.checkpoint), making: command)
    byteCount = OpenedScorers.byteCount(
      self.language?.models.model, classifiers.map(\.classifier.model), resources)
    try resources.requireMemory(byteCount + extra, for: "models, texts")
    scorer = TextScorer(
      likelihood: try self.language.map { try OpenedScorers.likelihood($0.models, $0.2, options) },
      sentiment: try sentiment.map {
        try OpenedScorers.judge(
          $0.classifier, options.sentimentLabels, "--sentiment-labels", PositiveScore.init)
      },
      grammar: try grammar.map {
        try OpenedScorers.judge(
          $0.classifier, options.grammarLabels, "--grammar-labels", GrammarScore.init)
      },
      showsPrompt: options.withPrompt, wordRule: options.wordRule)
  }

  private static func likelihood(
    _ models: MixedLanguageModel, _ language: LanguageModelOptions, _ options: ScorerOptions
  ) throws -> TextLikelihood {
    let context = models.model.configuration.contextLength
    guard options.scorerStride.map({ $0 <= context }) ?? true else {
      throw ValidationError("--scorer-stride must be at most the scorer's context, \(context)")
    }
    return TextLikelihood(
      models.model, tokenizer: try language.tokenizer(of: models), rule: options.rule)
  }

  private static func byteCount(
    _ model: GPT2?, _ classifiers: [any SequenceClassifier], _ resources: ResourceOptions
  ) -> Int {
    let weights = classifiers.reduce(model?.byteCount ?? 0) { $0 + $1.byteCount }
    // One model runs after the other.
    let scratch = classifiers.reduce(model?.scratchByteCount(positions: 1024) ?? 0) {
      max($0, $1.scratchByteCount(positions: 1024))
    }
    return weights + scratch * resources.threads
  }

  /// A classifier with what is made of its labels, or of those that an option gives.
  private static func judge<Score>(
    _ classifier: TextClassifier, _ given: String?, _ option: String,
    _ score: ([String], [String]?) throws -> Score
  ) throws -> TextScorer.Judge<Score> {
    do {
      let names = given?.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      return .init(classifier, try score(classifier.labels, names))
    } catch let error as LabelError {
      guard given == nil else {
        throw ValidationError(
          "\(option): \(error.detail), one for each of the classifier's labels, which are "
            + classifier.labels.joined(separator: ", ").escapedForTerminal)
      }
      throw ModelError(
        .unknown, in: classifier.model.path,
        "\(error.description); is it meant for this? \(option) says what its labels stand for")
    }
  }

  /// Checks that no model was changed while it was read.
  ///
  /// - Throws: `CheckpointError` if one was.
  func verifyUnchanged() throws {
    let classifiers = [sentiment, grammar].compactMap { $0?.checkpoint }
    for checkpoint in (language?.models.checkpoints ?? []) + classifiers {
      try checkpoint.checkpoint.verifyUnchanged()
    }
  }

  /// The models as a result records them.
  ///
  /// - Parameter resources: threads for their digests.
  /// - Returns: each checkpoint, its configuration and its tokenizer.
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  func inputs(_ resources: ResourceOptions) throws -> [Provenance.Input] {
    let scorer = try language.map { argument, models, options in
      try recordedInputs([argument], ["scorer"], models.checkpoints, resources)
        + options.companions(of: argument)
    }
    return try (scorer ?? []) + (sentiment?.inputs(role: "sentiment", resources) ?? [])
      + (grammar?.inputs(role: "grammar", resources) ?? [])
  }
}
