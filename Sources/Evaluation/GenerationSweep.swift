import Generation
import Journals
import Models

/// Texts that many combinations of the same checkpoints write after the same prompts.
///
/// A text's random numbers follow from seed, prompt and its own number, so that texts of different
/// points are drawn by the same ones.
public final class GenerationSweep {
  private let models: any LanguageModelFamily
  private let generator: TextGenerator
  private let prompts: [[Int32]]
  private let count: Int
  private let resources: GenerationResources
  private let journal: Journal?

  /// The most texts of a row of the journal. It depends on nothing, so that a run with other threads
  /// or batches finds the rows.
  private static let textsOfRow = 64
  /// Texts that are written between two rows where there is no journal.
  private static let textsWithoutJournal = 2048

  /// Prepares a sweep.
  ///
  /// - Parameters:
  ///   - models: the checkpoints and what is combined of them.
  ///   - generator: how texts are drawn.
  ///   - prompts: tokens of each.
  ///   - count: texts for each prompt at each point.
  ///   - resources: what may be used; texts do not depend on it.
  ///   - journal: keeps finished texts, and has those of an interrupted run.
  public init(
    _ models: any LanguageModelFamily, _ generator: TextGenerator, prompts: [[Int32]], count: Int,
    resources: GenerationResources, journal: Journal?
  ) {
    (self.models, self.generator, self.prompts) = (models, generator, prompts)
    (self.count, self.resources, self.journal) = (count, resources, journal)
  }

  /// Writes the texts of a point, or finds them in the journal.
  ///
  /// - Parameter coefficients: one for each checkpoint, finite, not all 0.
  /// - Returns: texts, prompt by prompt.
  /// - Throws: `CheckpointError` or `ModelError` if weights cannot be read or are not finite, or a
  ///   prompt cannot be read; `OutputError` if the journal cannot be written.
  public func texts(at coefficients: [Double]) throws -> [GeneratedText] {
    try texts(in: blocks, at: coefficients).flatMap { $0 }
  }

  /// Writes some texts of a point, or finds them in the journal.
  ///
  /// - Parameters:
  ///   - wanted: some of ``blocks``.
  ///   - coefficients: one for each checkpoint, finite, not all 0.
  /// - Returns: the texts of each block.
  /// - Throws: what ``texts(at:)`` throws.
  public func texts(
    in wanted: [TextBlock], at coefficients: [Double]
  ) throws -> [[GeneratedText]] {
    var found = Dictionary(
      uniqueKeysWithValues: wanted.compactMap { block in
        kept(block, at: coefficients).map { (block, $0) }
      })
    let missing = wanted.filter { found[$0] == nil }
    if !missing.isEmpty {
      let model = try models.at(coefficients, threads: resources.threads)
      for blocks in inTurns(missing) {
        let texts = try texts(in: blocks, by: model)
        try journal?.append(
          texts.map { (GenerationRow.key(coefficients, $0), GenerationRow.json($1)) })
        found.merge(texts) { $1 }
      }
    }
    return wanted.map { found[$0] ?? [] }
  }

  private func texts(
    in blocks: [TextBlock], by model: any CausalLanguageModel
  ) throws -> [(TextBlock, [GeneratedText])] {
    var texts = try generator.texts(of: model, after: prompts[...], in: blocks, using: resources)[
      ...]
    return blocks.map { block in
      defer { texts = texts.dropFirst(block.samples.count) }
      return (block, Array(texts.prefix(block.samples.count)))
    }
  }

  /// Blocks in groups: with a journal as many as fill a batch of each thread, which is what an
  /// interrupted run loses at most.
  private func inTurns(_ blocks: [TextBlock]) -> [[TextBlock]] {
    let most =
      journal == nil
      ? GenerationSweep.textsWithoutJournal : resources.threads * resources.batchSize
    var (groups, room): ([[TextBlock]], Int) = ([], 0)
    for block in blocks {
      if groups.isEmpty || block.samples.count > room {
        groups.append([])
        room = most
      }
      groups[groups.count - 1].append(block)
      room -= block.samples.count
    }
    return groups
  }

  /// Whether a point needs no model any more.
  ///
  /// - Parameter coefficients: of the point.
  /// - Returns: whether the journal has all of its texts.
  public func isDone(_ coefficients: [Double]) -> Bool {
    blocks.allSatisfy { isDone($0, at: coefficients) }
  }

  /// Whether texts need no model any more.
  ///
  /// - Parameters:
  ///   - block: which.
  ///   - coefficients: of the point.
  /// - Returns: whether the journal has them.
  public func isDone(_ block: TextBlock, at coefficients: [Double]) -> Bool {
    kept(block, at: coefficients) != nil
  }

  /// Texts that make one row each, in order.
  public var blocks: [TextBlock] {
    GenerationSweep.blocks(promptCount: prompts.count, textsOfPrompt: count)
  }

  /// Texts that make one row each, in order.
  ///
  /// - Parameters:
  ///   - promptCount: how many prompts there are.
  ///   - count: texts of each.
  /// - Returns: all texts, prompt by prompt.
  public static func blocks(promptCount: Int, textsOfPrompt count: Int) -> [TextBlock] {
    (0..<promptCount).flatMap { prompt in
      stride(from: 0, to: count, by: textsOfRow).map {
        TextBlock(prompt: prompt, samples: $0..<min($0 + textsOfRow, count))
      }
    }
  }

  private func kept(_ block: TextBlock, at coefficients: [Double]) -> [GeneratedText]? {
    journal?.rows[GenerationRow.key(coefficients, block)].flatMap { GenerationRow.texts($0, block) }
  }
}
