import ArgumentParser
import Checkpoints
import Evaluation
import Reports

/// Which models score texts, and what of them.
struct ScorerOptions: ParsableArguments {
  @Option(help: "A GPT-2 that gives perplexities.")
  var scorer: String?

  @Option(help: "A classifier of sentiment, which gives positive scores.")
  var sentiment: String?

  @Option(help: "A classifier of acceptable sentences, which gives grammar scores.")
  var grammar: String?

  @Option(
    help: """
      Names of the sentiment classifier's labels in their order, where its own do not tell: \
      negative,neutral,positive.
      """)
  var sentimentLabels: String?

  @Option(help: "The same of the grammar classifier: unacceptable,acceptable.")
  var grammarLabels: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Score a text given its prompt, or as if nothing preceded it.")
  var conditional = true

  @Flag(
    inversion: .prefixedNo,
    help: """
      Put the scorer's end-of-text token before everything. It always takes the place of an empty \
      prompt.
      """)
  var scorerBos = true

  @Option(
    help: """
      Tokens by which the scorer's windows advance in texts that exceed its context; the context if \
      not given.
      """)
  var scorerStride: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "Show classifiers the prompt with the text behind it, or the text alone.")
  var withPrompt = true

  @Option(help: "What parts the words of n-grams: white space, or single blanks as in DExperts.")
  var wordRule = WordRule.whitespace

  func validate() throws {
    guard scorerStride.map({ $0 >= 1 }) ?? true else {
      throw ValidationError("--scorer-stride must be positive")
    }
    try require("--scorer", scorer, for: scorerSettings)
    try require("--sentiment", sentiment, for: [("--sentiment-labels", sentimentLabels != nil)])
    try require("--grammar", grammar, for: [("--grammar-labels", grammarLabels != nil)])
    try require(
      "--sentiment or --grammar", sentiment ?? grammar, for: [("--no-with-prompt", !withPrompt)])
  }

  private var scorerSettings: [(option: String, isGiven: Bool)] {
    [
      ("--no-conditional", !conditional), ("--no-scorer-bos", !scorerBos),
      ("--scorer-stride", scorerStride != nil),
    ]
  }

  /// Refuses options of a model that there is none of.
  private func require(
    _ option: String, _ model: String?, for settings: [(option: String, isGiven: Bool)]
  ) throws {
    guard model == nil, let idle = settings.first(where: \.isGiven) else { return }
    throw ValidationError("\(idle.option) is for \(option)")
  }

  /// What likelihoods are taken of.
  var rule: TextLikelihood.Rule {
    .init(isConditional: conditional, startsAnew: scorerBos, stride: scorerStride)
  }

  /// The options that shape a result, in a fixed order.
  func recorded(withPaths: Bool) -> [String] {
    let given = [("--scorer", scorer), ("--sentiment", sentiment), ("--grammar", grammar)]
    let models = given.flatMap { name, argument in
      argument.map { [name, recordedPath($0, whole: withPaths)] } ?? []
    }
    let labels = [
      ("--sentiment-labels", sentimentLabels), ("--grammar-labels", grammarLabels),
    ].flatMap { name, text in text.map { [name, $0] } ?? [] }
    return models + labels + flags
  }

  private var flags: [String] {
    (conditional ? [] : ["--no-conditional"]) + (scorerBos ? [] : ["--no-scorer-bos"])
      + (scorerStride.map { ["--scorer-stride", "\($0)"] } ?? [])
      + (withPrompt ? [] : ["--no-with-prompt"])
      + (wordRule == .whitespace ? [] : ["--word-rule", wordRule.rawValue])
  }
}

extension WordRule: ExpressibleByArgument {}
