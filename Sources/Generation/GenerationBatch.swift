import LinearAlgebra
import Models

/// Texts that one thread writes together.
struct GenerationBatch<Model: CausalLanguageModel> {
  private let generator: TextGenerator
  private let model: Model
  private let prompts: ArraySlice<[Int32]>
  private let cache: Model.Cache
  private var texts: [GeneratedText]
  private var randoms: [RandomStream]
  private var sampler: NucleusSampler

  /// Positions of prompts that are read at once, unless one prompt has more.
  private static var positionsAtOnce: Int { 1024 }

  /// Prepares texts that nothing was written of; those of a prompt are adjacent.
  init(
    _ generator: TextGenerator, _ model: Model, _ prompts: ArraySlice<[Int32]>,
    _ texts: ArraySlice<GeneratedText>
  ) {
    (self.generator, self.model, self.prompts) = (generator, model, prompts)
    self.texts = Array(texts)
    let longest = texts.reduce(0) { max($0, prompts[$1.prompt].count) }
    cache = model.makeCache(
      sequences: texts.count, capacity: generator.capacity(longest, model))
    randoms = texts.map {
      RandomStream(seed: generator.seed, stream: UInt64($0.prompt) << 32 | UInt64($0.sample))
    }
    sampler = NucleusSampler(generator.rule)
  }

  /// Writes the texts to their ends.
  ///
  /// - Throws: `ModelError` as ``TextGenerator`` does.
  mutating func finished() throws -> [GeneratedText] {
    for group in promptGroups() { try begin(group) }
    while true {
      let live = texts.indices.filter { texts[$0].finish == nil }
      guard !live.isEmpty else { return texts }
      let additions = live.map { (sequence: $0, tokens: Array(texts[$0].tokens.suffix(1))) }
      _ = try model.extend(cache, by: additions) { index, next in
        try write(live[index]..<live[index] + 1, next)
      }
    }
  }

  /// The texts of each prompt, in groups of prompts that are read at once.
  private func promptGroups() -> [[Range<Int>]] {
    var (groups, room, first) = ([[Range<Int>]](), 0, 0)
    while first < texts.count {
      let prompt = texts[first].prompt
      let end = texts[first...].firstIndex { $0.prompt != prompt } ?? texts.count
      if groups.isEmpty || prompts[prompt].count > room {
        groups.append([])
        room = max(GenerationBatch.positionsAtOnce, prompts[prompt].count)
      }
      groups[groups.count - 1].append(first..<end)
      room -= prompts[prompt].count
      first = end
    }
    return groups
  }

  /// Reads each prompt once, for all of its texts.
  private mutating func begin(_ group: [Range<Int>]) throws {
    let additions = group.map {
      (sequence: $0.lowerBound, tokens: prompts[texts[$0.lowerBound].prompt])
    }
    _ = try model.extend(cache, by: additions) { index, next in
      for text in group[index].dropFirst() { cache.copy(group[index].lowerBound, to: text) }
      try write(group[index], next)
    }
  }

  /// Draws the next token of texts that read the same so far.
  private mutating func write(
    _ members: Range<Int>, _ next: NextTokenLogits
  ) throws {
    guard let nucleus = sampler.nucleus(of: next.values, filteredBy: next.filter) else {
      throw ModelError(
        .nonfinite, in: model.path,
        "logits after prompt \(texts[members.lowerBound].prompt) are NaN or infinite")
    }
    for index in members { append(nucleus.draw(using: &randoms[index]), to: index) }
  }

  private mutating func append(_ token: Nucleus.Token, to index: Int) {
    texts[index].tokens.append(token.id)
    texts[index].logProbability += Double(token.logProbability)
    let count = texts[index].tokens.count
    let context = model.contextLength
    if generator.ends.contains(token.id) {
      texts[index].finish = .stop
    } else if count == generator.mostTokens || prompts[texts[index].prompt].count + count > context
    {
      texts[index].finish = .length
    }
  }
}
