/// A model that reads tokens, and says of each position how likely every token is to come next.
///
/// Numbers depend on neither threads nor on what is computed together.
public protocol CausalLanguageModel: Sendable {
  /// What it keeps of sequences that it has read.
  associatedtype Cache: SequenceCache

  /// Where its weights come from, for messages.
  var path: String { get }
  /// How many different tokens there are.
  var vocabularySize: Int { get }
  /// How many positions a sequence may have.
  var contextLength: Int { get }

  /// How unlikely each scored token is given those before it, in nats.
  ///
  ///     nll[t] = log Σ_w exp(logits[t − 1, w]) − logits[t − 1, token t]
  ///
  /// - Parameters:
  ///   - windows: each within the context, apart from a last token that is only scored.
  ///   - threads: how many work at once, at least 1.
  ///   - positionsAtOnce: the positions that a thread takes at once, unless one window has more.
  /// - Returns: for each window, one number for each scored token, in the order of the tokens.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a window exceeds the context.
  func negativeLogLikelihoods(
    of windows: [ScoredTokens], threads: Int, positionsAtOnce: Int
  ) throws -> [[Float]]

  /// What the model expects to come after each of several prompts.
  ///
  /// - Parameters:
  ///   - prompts: each at most as long as the context, none empty.
  ///   - threads: how many work at once, at least 1.
  ///   - positionsAtOnce: the positions that a thread takes at once, unless one prompt has more.
  /// - Returns: for each prompt, one number for each token of the vocabulary.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a prompt exceeds the context.
  func nextTokenLogits(
    after prompts: [[Int32]], threads: Int, positionsAtOnce: Int
  ) throws -> [[Float]]

  /// Makes room for sequences of which nothing has been read.
  ///
  /// - Parameters:
  ///   - sequences: how many there are.
  ///   - capacity: the most positions of each, at most the context.
  /// - Returns: a cache for one thread, of use while the model's weights stay.
  func makeCache(sequences: Int, capacity: Int) -> Cache

  /// The memory that one sequence takes in a cache.
  ///
  /// - Parameter capacity: the most positions.
  /// - Returns: bytes.
  func cacheByteCount(capacity: Int) -> Int

  /// Reads the next tokens of sequences, and gives what it expects after the last of each.
  ///
  /// The bits are those of ``nextTokenLogits(after:threads:positionsAtOnce:)`` on the whole
  /// sequence. They depend neither on the pieces it comes in nor on what else is read with it.
  ///
  /// - Parameters:
  ///   - cache: holds what was read before, and takes what is read now.
  ///   - additions: sequences of the cache, none twice, each with at least one token.
  ///   - body: takes the place of an addition and what is expected after it.
  /// - Returns: what `body` returns, for each addition.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary; what `body` throws.
  /// - Precondition: the cache has room.
  func extend<Value>(
    _ cache: Cache, by additions: [(sequence: Int, tokens: [Int32])],
    _ body: (_ addition: Int, _ next: NextTokenLogits) throws -> Value
  ) throws -> [Value]
}

/// What a model keeps of sequences that it has read, so that it need not read them again.
public protocol SequenceCache: AnyObject {
  /// Lets a sequence begin as another does.
  ///
  /// - Parameters:
  ///   - source: the sequence that has been read.
  ///   - target: what it has read is forgotten.
  func copy(_ source: Int, to target: Int)
}

/// What a model expects to come next, in memory that is overwritten when the model reads on.
public struct NextTokenLogits {
  /// [vocabulary]; may be overwritten.
  public let values: UnsafeMutableBufferPointer<Float>
  /// [vocabulary], the logits by which tokens are chosen that may come next at all, where they are
  /// not ``values``; may be overwritten.
  public let filter: UnsafeMutableBufferPointer<Float>?

  /// Describes expectations.
  ///
  /// - Parameters:
  ///   - values: [vocabulary].
  ///   - filter: [vocabulary], or `nil` if tokens are chosen by `values`.
  public init(
    _ values: UnsafeMutableBufferPointer<Float>, filter: UnsafeMutableBufferPointer<Float>? = nil
  ) {
    (self.values, self.filter) = (values, filter)
  }
}

extension CausalLanguageModel {
  /// The same, with about a thousand positions at once; more are hardly faster.
  ///
  /// - Parameters:
  ///   - windows: each within the context, apart from a last token that is only scored.
  ///   - threads: how many work at once, at least 1.
  /// - Returns: for each window, one number for each scored token, in the order of the tokens.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a window exceeds the context.
  public func negativeLogLikelihoods(
    of windows: [ScoredTokens], threads: Int
  ) throws -> [[Float]] {
    try negativeLogLikelihoods(of: windows, threads: threads, positionsAtOnce: 1024)
  }

  /// The same, with about a thousand positions at once.
  ///
  /// - Parameters:
  ///   - prompts: each at most as long as the context, none empty.
  ///   - threads: how many work at once, at least 1.
  /// - Returns: for each prompt, one number for each token of the vocabulary.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a prompt exceeds the context.
  public func nextTokenLogits(after prompts: [[Int32]], threads: Int) throws -> [[Float]] {
    try nextTokenLogits(after: prompts, threads: threads, positionsAtOnce: 1024)
  }

  /// Checks that tokens can be read.
  ///
  /// - Parameters:
  ///   - tokens: what is to be read, and perhaps one to be scored after it.
  ///   - count: how many are read.
  ///   - name: what to call them, such as "prompt 3".
  /// - Throws: ``ModelError`` if there are too many, or one is not in the vocabulary.
  public func requireReadable(
    _ tokens: [Int32], reading count: Int, as name: @autoclosure () -> String
  ) throws {
    let limits = ReadingLimits(words: vocabularySize, context: contextLength, path: path)
    try limits.require(tokens, reading: count, as: name())
  }

  /// Prompts as windows: what is to come is scored, whatever it will be.
  ///
  /// - Throws: ``ModelError`` that names a prompt by its number.
  func windows(after prompts: [[Int32]]) throws -> [ScoredTokens] {
    precondition(!prompts.contains([]))
    for (index, prompt) in prompts.enumerated() {
      try requireReadable(prompt, reading: prompt.count, as: "prompt \(index)")
    }
    return prompts.map { ScoredTokens(tokens: $0 + [0], scored: $0.count..<$0.count + 1) }
  }
}

/// What a model can read.
struct ReadingLimits {
  /// How many different tokens there are.
  let words: Int
  /// How many positions a window may have.
  let context: Int
  /// The model, for messages.
  let path: String

  /// Checks that tokens can be read; see `CausalLanguageModel.requireReadable`.
  func require(
    _ tokens: [Int32], reading count: Int, as name: @autoclosure () -> String
  ) throws {
    guard count <= context else {
      throw ModelError(
        .unusableTokens, in: path,
        "\(name()) has \(count) tokens to read, but the context holds \(context)")
    }
    guard let position = tokens.firstIndex(where: { $0 < 0 || Int($0) >= words }) else { return }
    throw ModelError(
      .unusableTokens, in: path,
      "\(name()) has token \(tokens[position]) at position \(position), but the vocabulary has 0 to "
        + "\(words - 1)")
  }

  /// Checks that classes are some of a model's.
  func require(_ labels: ArraySlice<Int32>, below count: Int, as name: String) throws {
    guard let label = labels.first(where: { $0 < 0 || Int($0) >= count }) else { return }
    throw ModelError(
      .unusableTokens, in: path,
      "\(name) is of class \(label), but the model has 0 to \(count - 1)")
  }
}
