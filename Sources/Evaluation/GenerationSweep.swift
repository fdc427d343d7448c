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

  /// Texts of a row of the journal, unless one prompt has more: what an interrupted run loses at
  /// most.
  private static let textsAtOnce = 2048

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
    var (found, model): ([GeneratedText], (any CausalLanguageModel)?) = ([], nil)
    for piece in pieces {
      if let texts = kept(piece, at: coefficients) {
        found += texts
        continue
      }
      let loaded = try model ?? models.at(coefficients, threads: resources.threads)
      model = loaded
      let texts = try generator.texts(
        of: loaded, after: prompts[piece], count: count, using: resources)
      try journal?.append(GenerationRow.key(coefficients, piece), GenerationRow.json(texts))
      found += texts
    }
    return found
  }

  /// Whether a point needs no model any more.
  ///
  /// - Parameter coefficients: of the point.
  /// - Returns: whether the journal has all of its texts.
  public func isDone(_ coefficients: [Double]) -> Bool {
    pieces.allSatisfy { kept($0, at: coefficients) != nil }
  }

  /// Prompts whose texts make one row.
  private var pieces: [Range<Int>] {
    let size = max(GenerationSweep.textsAtOnce / max(count, 1), 1)
    return stride(from: 0, to: prompts.count, by: size).map {
      $0..<min($0 + size, prompts.count)
    }
  }

  private func kept(_ piece: Range<Int>, at coefficients: [Double]) -> [GeneratedText]? {
    journal?.rows[GenerationRow.key(coefficients, piece)].flatMap {
      GenerationRow.texts($0, prompts: piece, count: count)
    }
  }
}
