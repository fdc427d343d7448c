import Geometry
import Models
import Tensors

/// What comes next after a prompt, at points of a path.
///
/// A continuation is one token or several; its log-probability is that of all its tokens after the
/// prompt, Σ log p(token | all before it), in nats.
public struct NextTokens: Sendable {
  /// One or more tokens that may follow the prompt.
  public struct Continuation: Hashable, Sendable {
    /// What it reads as.
    public let text: String
    /// At least one.
    public let tokens: [Int32]

    /// Describes a continuation.
    ///
    /// - Parameters:
    ///   - text: what it reads as.
    ///   - tokens: at least one.
    public init(text: String, tokens: [Int32]) { (self.text, self.tokens) = (text, tokens) }
  }

  /// At each point, log p of every token of the vocabulary.
  private var vocabularies: [[Float]] = []
  /// At each point, log p of each word asked for.
  private var words: [[Double]] = []
  private let asked: [Continuation]

  /// Runs the prompt through models.
  ///
  /// - Parameters:
  ///   - prompt: at least one token.
  ///   - asked: continuations wanted whatever their probability.
  ///   - models: the checkpoints and what is combined of them.
  ///   - coefficients: of each point.
  ///   - threads: how many work at once.
  /// - Throws: `ModelError` if the prompt with a continuation exceeds the context; what loading
  ///   weights throws.
  public init(
    after prompt: [Int32], asked: [Continuation], in models: any LanguageModelFamily,
    at coefficients: [[Double]], threads: Int
  ) throws {
    precondition(!prompt.isEmpty)
    self.asked = asked
    let windows = asked.map { word in
      ScoredTokens(
        tokens: prompt + word.tokens, scored: prompt.count..<prompt.count + word.tokens.count)
    }
    for point in coefficients {
      let model = try models.at(point, threads: threads)
      let logits = try model.nextTokenLogits(after: [prompt], threads: threads)[0]
      for word in asked {
        let count = prompt.count + word.tokens.count - 1
        try model.requireReadable(word.tokens, reading: count, as: "the prompt with '\(word.text)'")
      }
      vocabularies.append(NextTokens.logProbabilities(logits))
      words.append(
        try model.negativeLogLikelihoods(of: windows, threads: threads).map { losses in
          -losses.reduce(0) { $0 + Double($1) }
        })
    }
  }

  /// The tokens that are most likely somewhere on the path, the most likely first, without those
  /// asked for.
  ///
  /// - Parameter count: how many, at most.
  /// - Returns: their ids; equally likely ones in the order of ids.
  public func likeliest(_ count: Int) -> [Int32] {
    let known = Set(asked.filter { $0.tokens.count == 1 }.map { $0.tokens[0] })
    let highest = vocabularies[0].indices.map { id in
      vocabularies.reduce(-Float.infinity) { max($0, $1[id]) }
    }
    return highest.indices.map { Int32($0) }.filter { !known.contains($0) }
      .sorted { (highest[Int($1)], $0) < (highest[Int($0)], $1) }.prefix(count).map { $0 }
  }

  /// log p of the words asked for, then of some tokens, at each point.
  ///
  /// - Parameter tokens: ids.
  /// - Returns: [points][words + tokens], in nats.
  public func logProbabilities(of tokens: [Int32]) -> [[Double]] {
    zip(words, vocabularies).map { words, vocabulary in
      words + tokens.map { Double(vocabulary[Int($0)]) }
    }
  }

  /// x − log Σ exp x, summed in binary64.
  private static func logProbabilities(_ logits: [Float]) -> [Float] {
    let highest = Double(logits.max() ?? 0)
    let sum = logits.reduce(0) { $0 + exponential(Double($1) - highest) }
    let level = highest + logarithm(sum)
    return logits.map { Float(Double($0) - level) }
  }
}
