import LinearAlgebra
import Models
import Threads

/// Lets models write on after prompts.
///
/// Each text has random numbers of its own, from the seed, its prompt's number and its own; so it
/// depends on neither threads nor on what is written with it, and texts of one number by several
/// models are drawn by the same random numbers.
public struct TextGenerator: Sendable {
  let rule: SamplingRule
  let endOfText: Int32?
  /// The tokens that end a text.
  let ends: Set<Int32>
  let mostTokens: Int
  let seed: UInt64

  /// Prepares to write.
  ///
  /// - Parameters:
  ///   - rule: what may come next.
  ///   - endOfText: the token that ends a text, and begins one without a prompt; or none.
  ///   - otherEnds: tokens that end a text too.
  ///   - mostTokens: how many are written at most, at least 1.
  ///   - seed: of the random numbers.
  public init(
    rule: SamplingRule, endOfText: Int32?, otherEnds: [Int32] = [], mostTokens: Int, seed: UInt64
  ) {
    precondition(mostTokens >= 1)
    ends = Set(otherEnds + [endOfText].compactMap { $0 })
    (self.rule, self.endOfText) = (rule, endOfText)
    (self.mostTokens, self.seed) = (mostTokens, seed)
  }

  /// Lets a model write several texts after each prompt.
  ///
  /// - Parameters:
  ///   - model: its weights stay as they are before all is written.
  ///   - prompts: tokens; an empty one becomes the end of text. A prompt's number is its index, so a
  ///     slice of prompts gets the texts that it gets among all.
  ///   - count: how many texts for each.
  ///   - resources: what may be used; texts do not depend on it.
  /// - Returns: texts, prompt by prompt.
  /// - Throws: `ModelError` if a prompt exceeds the context, is empty where there is no end of
  ///   text, or has a token that is not in the vocabulary; or if logits are not finite.
  public func texts(
    of model: some CausalLanguageModel, after prompts: ArraySlice<[Int32]>, count: Int,
    using resources: GenerationResources
  ) throws -> [GeneratedText] {
    try texts(
      of: model, after: prompts,
      in: prompts.indices.map { TextBlock(prompt: $0, samples: 0..<count) }, using: resources)
  }

  /// Lets a model write some of the texts after prompts.
  ///
  /// - Parameters:
  ///   - model: its weights stay as they are before all is written.
  ///   - prompts: tokens; an empty one becomes the end of text. Those that no block names are not
  ///     looked at.
  ///   - blocks: which texts, of prompts that are there; those of one prompt adjacent.
  ///   - resources: what may be used; texts do not depend on it, nor on the blocks.
  /// - Returns: texts, block by block.
  /// - Throws: what ``texts(of:after:count:using:)`` throws.
  public func texts(
    of model: some CausalLanguageModel, after prompts: ArraySlice<[Int32]>, in blocks: [TextBlock],
    using resources: GenerationResources
  ) throws -> [GeneratedText] {
    var (prompts, longest) = (prompts, 0)
    for place in Set(blocks.map(\.prompt)).sorted() {
      prompts[place] = try readable(prompts[place], place: place, model)
      longest = max(longest, prompts[place].count)
    }
    let drafts = blocks.flatMap { block in
      block.samples.map { GeneratedText(prompt: block.prompt, sample: $0) }
    }
    return try texts(
      of: model, after: prompts, drafts, capacity: capacity(longest, model), using: resources)
  }

  private func texts(
    of model: some CausalLanguageModel, after prompts: ArraySlice<[Int32]>,
    _ drafts: [GeneratedText], capacity: Int, using resources: GenerationResources
  ) throws -> [GeneratedText] {
    let room =
      resources.cacheByteCount / max(resources.threads, 1)
      / max(model.cacheByteCount(capacity: capacity), 1)
    let batches = drafts.batches(
      ofAtMost: max(min(resources.batchSize, room), 1), threads: resources.threads)
    return try concurrentMap(batches.count, threads: resources.threads) { index in
      var batch = GenerationBatch(self, model, prompts, drafts[batches[index]])
      return try batch.finished()
    }.flatMap { $0 }
  }

  /// The most positions that are read of a text: of its last token none.
  func capacity(_ promptCount: Int, _ model: some CausalLanguageModel) -> Int {
    min(promptCount + mostTokens - 1, model.contextLength)
  }

  private func readable(
    _ prompt: [Int32], place: Int, _ model: some CausalLanguageModel
  ) throws -> [Int32] {
    if prompt.isEmpty, let endOfText { return [endOfText] }
    guard !prompt.isEmpty else {
      throw ModelError(
        .unusableTokens, in: model.path,
        "prompt \(place) is empty, and there is no end of text to begin with")
    }
    try model.requireReadable(prompt, reading: prompt.count, as: "prompt \(place)")
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
