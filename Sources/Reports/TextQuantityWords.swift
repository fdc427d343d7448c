import Evaluation

/// How a quantity of texts is shown.
extension TextQuantity {
  /// A column's heading on a terminal, or `nil` if tables of several sets leave it out.
  var heading: String? {
    switch self {
    case .textPerplexity: "perplexity"
    case .corpusPerplexity: "of corpus"
    case .positiveScore: "positive"
    case .grammar: "grammar"
    case .distinct1: "dist-1"
    case .distinct2: "dist-2"
    case .distinct3: "dist-3"
    case .repetition: "rep-4"
    case .words: "words"
    case .boundedPerplexity, .nll, .distinct1OfSet, .distinct2OfSet, .distinct3OfSet, .loops: nil
    }
  }

  /// Whether its error is a column on a terminal, too.
  var showsError: Bool {
    switch self {
    case .textPerplexity, .positiveScore, .grammar: true
    default: false
    }
  }

  /// Whether it has an error at all.
  var hasError: Bool {
    switch self {
    case .distinct1OfSet, .distinct2OfSet, .distinct3OfSet: false
    default: true
    }
  }

  /// What it is, in words.
  var longName: String {
    switch self {
    case .textPerplexity: "perplexity, mean of texts"
    case .boundedPerplexity: "perplexity, mean of texts below 10000"
    case .corpusPerplexity: "perplexity of corpus"
    case .nll: "nats per token"
    case .positiveScore: "positive score"
    case .grammar: "grammar score"
    case .distinct1: "distinct-1, mean of prompts"
    case .distinct2: "distinct-2, mean of prompts"
    case .distinct3: "distinct-3, mean of prompts"
    case .distinct1OfSet: "distinct-1 of all texts"
    case .distinct2OfSet: "distinct-2 of all texts"
    case .distinct3OfSet: "distinct-3 of all texts"
    case .repetition: "repeated 4-grams of a text"
    case .loops: "texts that end in a loop"
    case .words: "words of a text"
    }
  }

  var units: String { self == .nll ? "nat" : "1" }
}
