/// Models whose logits are summed: log p = log softmax(Σᵢ cᵢ zᵢ).
///
/// With the coefficients by which weights are mixed, curves of both have one axis: 1 − α and α is
/// the two-model form z₋ + α (z₊ − z₋), and 1, −α and α is DExperts, z₀ + α (z₊ − z₋). Models of
/// coefficient 0 are not run. A model of coefficient 1 beside others of 0 has its own bits.
///
/// Source: arXiv 2211.12092, section 3.2; Liu et al. 2021, "DExperts: Decoding-Time Controlled Text
/// Generation with Experts and Anti-Experts", section 2.2.
public struct LogitEnsemble: CausalLanguageModel {
  /// The models, of one vocabulary; whatever else they are like.
  public let members: [GPT2]
  /// One for each member.
  public let coefficients: [Double]
  /// The member by whose logits tokens are chosen that generated text may have, or `nil` if it is
  /// the ensemble's.
  public let filter: Int?

  /// Puts models together.
  ///
  /// - Parameters:
  ///   - members: at least one.
  ///   - coefficients: one for each, finite, not all 0.
  ///   - filter: a member by whose logits tokens are chosen that generated text may have.
  /// - Throws: ``ModelError`` if the members do not have one vocabulary.
  public init(_ members: [GPT2], coefficients: [Double], filter: Int? = nil) throws {
    precondition(members.count == coefficients.count)
    precondition(filter.map(members.indices.contains) ?? true)
    precondition(coefficients.contains { $0 != 0 } && coefficients.allSatisfy(\.isFinite))
    (self.members, self.coefficients, self.filter) = (members, coefficients, filter)
    try LogitEnsemble.requireOneVocabulary(members, paths: members.map(\.path))
  }

  /// The paths of the members.
  public var path: String { members.map(\.path).joined(separator: " + ") }
  /// How many different tokens there are, which all members agree on.
  public var vocabularySize: Int { members[0].vocabularySize }
  /// The shortest of the members' contexts.
  public var contextLength: Int { LogitEnsemble.contextLength(members) }

  /// Checks that models can be put together.
  ///
  /// - Parameters:
  ///   - members: the models.
  ///   - paths: where each is from.
  /// - Throws: ``ModelError`` if they do not have one vocabulary.
  public static func requireOneVocabulary(_ members: [GPT2], paths: [String]) throws {
    let size = members[0].vocabularySize
    guard let other = members.firstIndex(where: { $0.vocabularySize != size }) else { return }
    throw ModelError(
      .mismatch, in: paths[other],
      "has \(members[other].vocabularySize) tokens, and \(paths[0]) \(size); only logits over one "
        + "vocabulary can be summed")
  }

  /// The positions that all of some models can read.
  ///
  /// - Parameter members: at least one model.
  /// - Returns: the shortest of their contexts.
  public static func contextLength(_ members: [GPT2]) -> Int {
    members.reduce(.max) { min($0, $1.contextLength) }
  }

  /// The sum of expectations after prompts; see ``CausalLanguageModel``.
  ///
  /// - Parameters:
  ///   - prompts: each at most as long as the context, none empty.
  ///   - threads: how many work at once, at least 1.
  ///   - positionsAtOnce: the positions that a thread takes at once, unless one prompt has more.
  /// - Returns: for each prompt, one number for each token of the vocabulary.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a prompt exceeds the context.
  public func nextTokenLogits(
    after prompts: [[Int32]], threads: Int, positionsAtOnce: Int
  ) throws -> [[Float]] {
    let (members, coefficients) = (members, coefficients)
    return try TokenBatch.map(
      windows(after: prompts), threads: threads, positionsAtOnce: positionsAtOnce,
      workspace: { EnsembleActivations(members, at: [coefficients], positions: $0) },
      { work, batch in
        work.run(batch)
        return work.logits(of: batch, at: coefficients)
      }
    ).flatMap { $0 }
  }
}

extension LogitEnsemble {
  /// Keys and values of each member, and what their sum is computed in.
  ///
  /// - Note: One thread at a time.
  public final class Cache: SequenceCache {
    /// Of members that are run.
    fileprivate let members: [(member: Int, cache: KeyValueCache)]
    fileprivate let row: AlignedBuffer<Float>

    fileprivate init(
      _ members: [(member: Int, cache: KeyValueCache)], vocabularySize: Int
    ) {
      (self.members, row) = (members, AlignedBuffer(count: vocabularySize))
    }

    /// Lets a sequence begin as another does.
    ///
    /// - Parameters:
    ///   - source: the sequence that has been read.
    ///   - target: what it has read is forgotten.
    public func copy(_ source: Int, to target: Int) {
      for (_, cache) in members { cache.copy(source, to: target) }
    }
  }

  /// Those that generated text needs: the filter too, whatever its coefficient.
  private var generating: [Int] {
    members.indices.filter { coefficients[$0] != 0 || $0 == filter }
  }

  /// Makes room for sequences of which nothing has been read.
  ///
  /// - Parameters:
  ///   - sequences: how many there are.
  ///   - capacity: the most positions of each, at most the context.
  /// - Returns: one cache for each member that is run.
  public func makeCache(sequences: Int, capacity: Int) -> Cache {
    Cache(
      generating.map { ($0, members[$0].makeCache(sequences: sequences, capacity: capacity)) },
      vocabularySize: vocabularySize)
  }

  /// The memory that one sequence takes in the caches of all members that are run.
  ///
  /// - Parameter capacity: the most positions.
  /// - Returns: bytes.
  public func cacheByteCount(capacity: Int) -> Int {
    generating.reduce(0) { $0 + members[$1].cacheByteCount(capacity: capacity) }
  }

  /// Reads the next tokens of sequences with each member; see ``CausalLanguageModel``.
  ///
  /// - Parameters:
  ///   - cache: of this ensemble.
  ///   - additions: sequences of the cache, none twice, each with at least one token.
  ///   - body: takes the place of an addition and what is expected after it.
  /// - Returns: what `body` returns, for each addition.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary; what `body` throws.
  public func extend<Value>(
    _ cache: Cache, by additions: [(sequence: Int, tokens: [Int32])],
    _ body: (_ addition: Int, _ next: NextTokenLogits) throws -> Value
  ) throws -> [Value] {
    let words = vocabularySize
    let logits = try cache.members.map { try members[$0.member].read(additions, into: $0.cache) }
    return try additions.indices.map { addition in
      var (terms, eligible) = (
        [(Double, UnsafePointer<Float>)](), nil as UnsafeMutablePointer<Float>?
      )
      for ((member, _), first) in zip(cache.members, logits) {
        let row = first + addition * words
        if coefficients[member] != 0 { terms.append((coefficients[member], UnsafePointer(row))) }
        if member == filter { eligible = row }
      }
      sumLogits(terms, count: words, into: cache.row.pointer)
      return try body(
        addition,
        NextTokenLogits(
          UnsafeMutableBufferPointer(start: cache.row.pointer, count: words),
          filter: eligible.map { UnsafeMutableBufferPointer(start: $0, count: words) }))
    }
  }
}
