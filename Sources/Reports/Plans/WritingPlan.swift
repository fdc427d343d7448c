import Evaluation
import Generation
import HDF5
import JSON

/// What texts of a sweep are made from besides their tokens and scores.
public struct WritingPlan: Codable, Sendable {
  let prompts: [String]
  /// Texts after each prompt, at each point.
  let textsOfPrompt: Int
  let setting: SamplesResult.Setting
  let quantities: [TextQuantity]
  let wordRule: WordRule
  let attributes: [ResultAttribute]
  /// What tells scores by these models from those by others.
  let scorers: String

  /// Describes texts.
  ///
  /// - Parameters:
  ///   - prompts: as they are reported.
  ///   - textsOfPrompt: texts after each prompt, at each point.
  ///   - setting: what all texts have in common.
  ///   - quantities: those that there are models for.
  ///   - wordRule: what counts as a word.
  ///   - attributes: how texts were scored.
  ///   - scorers: what tells scores by these models from those by others.
  public init(
    prompts: [String], textsOfPrompt: Int, setting: SamplesResult.Setting,
    quantities: [TextQuantity], wordRule: WordRule, attributes: [ResultAttribute],
    scorers: String
  ) {
    (self.prompts, self.textsOfPrompt, self.setting) = (prompts, textsOfPrompt, setting)
    (self.quantities, self.wordRule, self.attributes) = (quantities, wordRule, attributes)
    self.scorers = scorers
  }

  /// What is wrong with a plan that was read back.
  func fault(pointCount: Int) -> String? {
    WritingPlan.fault(
      promptCount: prompts.count, textsOfPrompt: textsOfPrompt, pointCount: pointCount)
      ?? setting.fault
  }

  /// What is wrong with so many texts; `nil` if they can be counted.
  static func fault(promptCount: Int, textsOfPrompt: Int, pointCount: Int) -> String? {
    let factors = [promptCount, textsOfPrompt, pointCount]
    let count = factors.reduce(1.0) { $0 * Double($1) }
    return factors.allSatisfy { $0 > 0 } && count < 1e9 ? nil : "has no texts, or too many"
  }

  /// The key of the row of a point's readings and scores.
  ///
  /// - Parameter coefficients: of the point.
  /// - Returns: text that no key of another row has.
  public func key(at coefficients: [Double]) -> String {
    "scores \(scorers) \(coefficients.map { "\($0 == 0 ? 0 : $0)" }.joined(separator: ","))"
  }

  /// The row of a point's readings and scores.
  ///
  /// - Parameters:
  ///   - rows: the point's texts.
  ///   - scores: of them.
  /// - Returns: JSON.
  /// - Throws: nothing for such values.
  public static func json(_ rows: [SamplesResult.Row], _ scores: TextScores) throws -> String {
    try jsonText(Judged(readings: rows.map(\.text), figures: scores.figures))
  }

  private struct Judged: Codable {
    /// Texts as they are reported.
    let readings: [String]
    let figures: [TextFigures]
  }

  private typealias Found = (rows: [SamplesResult.Row], figures: [TextFigures])

  /// A point's texts with their numbers; `nil` if not all are there.
  private func found(_ number: Int, at place: [Double], in rows: [String: String]) -> Found? {
    let blocks = GenerationSweep.blocks(
      promptCount: prompts.count, textsOfPrompt: textsOfPrompt)
    let finished = FinishedRows(rows)
    let texts = blocks.compactMap { finished.texts(in: $0, at: place) }
    guard texts.count == blocks.count,
      let judged = rows[key(at: place)].flatMap({ try? decoded(Judged.self, from: $0) }),
      case let all = texts.flatMap({ $0 }), judged.readings.count == all.count,
      judged.figures.count == all.count
    else { return nil }
    let samples = zip(all, judged.readings).map { text, reading in
      SamplesResult.Row(
        point: number, prompt: prompts[text.prompt], text: reading, generated: text)
    }
    return (samples, judged.figures)
  }

  /// Whether all of a point's texts and their numbers are there.
  ///
  /// - Parameters:
  ///   - coefficients: of the point.
  ///   - rows: of journals.
  /// - Returns: whether nothing is missing.
  public func isDone(at coefficients: [Double], in rows: [String: String]) -> Bool {
    found(0, at: coefficients, in: rows) != nil
  }

  /// The texts of all points with their scores; pending points have none.
  func scored(
    _ points: [SweepPoint], at places: [[Double]], along axes: [String], in rows: [String: String]
  ) -> ScoredSamples {
    let found = points.enumerated().map { number, point -> Found in
      point.isPending ? ([], []) : self.found(number, at: point.coefficients, in: rows) ?? ([], [])
    }
    let scores = zip(places, found).map { place, found in
      TextScores(
        WritingPlan.set(found.rows, at: place, along: axes), figures: found.figures,
        wordRule: wordRule)
    }
    return ScoredSamples(
      SamplesResult(
        found.flatMap(\.rows),
        at: zip(places, points).map { .init(place: $0, coefficients: $1.coefficients) },
        along: axes, setting,
        pending: Set(points.indices.filter { points[$0].isPending })),
      scores, quantities: quantities, notes: [], attributes: attributes)
  }

  /// A point's texts as scorers take them.
  ///
  /// - Parameters:
  ///   - rows: the texts.
  ///   - place: the point's.
  ///   - axes: what its numbers are called.
  /// - Returns: one set.
  public static func set(
    _ rows: [SamplesResult.Row], at place: [Double] = [], along axes: [String] = []
  ) -> TextSet {
    TextSet(
      "texts", at: zip(axes, place).map { .init($0, $1) },
      texts: rows.map { row in
        PromptedText(
          Array(row.text.utf8), after: Array(row.prompt.utf8), promptID: row.generated.prompt,
          replicate: row.generated.sample)
      })
  }
}
