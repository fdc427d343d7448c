import LinearAlgebra
import Models
import Threads

/// Lets a model write on after prompts.
///
/// Each text has random numbers of its own, from the seed, its prompt's place and its own; so it
/// depends on neither threads nor on what is written with it.
public struct TextGenerator: Sendable {
  let model: GPT2
  let rule: SamplingRule
  let endOfText: Int32?
  let mostTokens: Int
  let seed: UInt64

  /// Prepares to write.
  ///
  /// - Parameters:
  ///   - model: loaded, and not loaded anew before all is written.
  ///   - rule: what may come next.
  ///   - endOfText: the token that ends a text, and begins one without a prompt; or none.
  ///   - mostTokens: how many are written at most, at least 1.
  ///   - seed: of the random numbers.
  public init(
    _ model: GPT2, rule: SamplingRule, endOfText: Int32?, mostTokens: Int, seed: UInt64
  ) {
    precondition(mostTokens >= 1)
    (self.model, self.rule, self.endOfText) = (model, rule, endOfText)
    (self.mostTokens, self.seed) = (mostTokens, seed)
  }

  /// Writes several texts after each prompt.
  ///
  /// - Parameters:
  ///   - prompts: tokens; an empty one becomes the end of text.
  ///   - count: how many texts for each.
  ///   - threads: how many work at once, at least 1.
  ///   - batchSize: the most texts that a thread writes at once, at least 1.
  ///   - cacheByteCount: what keys and values of all threads may take, unless one text needs more.
  /// - Returns: texts, prompt by prompt.
  /// - Throws: `ModelError` if a prompt exceeds the context, is empty where there is no end of
  ///   text, or has a token that is not in the vocabulary; or if logits are not finite.
  public func texts(
    after prompts: [[Int32]], count: Int, threads: Int, batchSize: Int = 64,
    cacheByteCount: Int = 1 << 31
  ) throws -> [GeneratedText] {
    let prompts = try prompts.enumerated().map { try readable($1, place: $0) }
    let drafts = prompts.indices.flatMap { prompt in
      (0..<count).map { GeneratedText(prompt: prompt, sample: $0) }
    }
    let longest = capacity(prompts.map(\.count).max() ?? 0)
    let room =
      cacheByteCount / max(threads, 1)
      / max(KeyValueCache.byteCount(model.configuration, capacity: longest), 1)
    let batches = drafts.batches(ofAtMost: max(min(batchSize, room), 1), threads: threads)
    return try concurrentMap(batches.count, threads: threads) { index in
      var batch = GenerationBatch(self, prompts, drafts[batches[index]])
      return try batch.finished()
    }.flatMap { $0 }
  }

  /// The most positions that are read of a text: of its last token none.
  func capacity(_ promptCount: Int) -> Int {
    min(promptCount + mostTokens - 1, model.configuration.contextLength)
  }

  private func readable(_ prompt: [Int32], place: Int) throws -> [Int32] {
    if prompt.isEmpty, let endOfText { return [endOfText] }
    let context = model.configuration.contextLength
    guard 1...context ~= prompt.count else {
      throw ModelError(
        .unusableTokens, in: model.path,
        prompt.isEmpty
          ? "prompt \(place) is empty, and there is no end of text to begin with"
          : "prompt \(place) has \(prompt.count) tokens, but the context holds \(context)")
    }
    return prompt
  }
}

extension [GeneratedText] {
  /// Cuts texts into batches of about one size, as many for each thread.
  fileprivate func batches(ofAtMost limit: Int, threads: Int) -> [Range<Int>] {
    let fewest = (count + limit - 1) / limit
    let batches = Swift.min((fewest + threads - 1) / threads * threads, count)
    return (0..<batches).map { $0 * count / batches..<($0 + 1) * count / batches }
  }
}
