import Evaluation
import HDF5
import JSON

/// What the result of `score` is made from besides texts and their numbers.
public struct ScorePlan: Codable, Sendable {
  struct Place: Codable, Sendable {
    let name: String
    let coordinates: [TextSet.Coordinate]
    let textCount: Int
  }

  /// Some texts of a set, which are a row.
  public struct Part: Hashable, Sendable {
    /// The number of the set.
    public let set: Int
    /// Which of its texts.
    public let texts: Range<Int>
  }

  let sets: [Place]
  let quantities: [TextQuantity]
  let wordRule: WordRule
  let attributes: [ResultAttribute]

  /// The most texts of a row.
  private static let textsOfPart = 64

  /// Describes sets of texts.
  ///
  /// - Parameters:
  ///   - sets: the sets.
  ///   - quantities: those that there are models for.
  ///   - wordRule: what counts as a word.
  ///   - attributes: how texts are scored.
  public init(
    _ sets: [TextSet], quantities: [TextQuantity], wordRule: WordRule,
    attributes: [ResultAttribute]
  ) {
    self.sets = sets.map {
      Place(name: $0.name, coordinates: $0.coordinates, textCount: $0.texts.count)
    }
    (self.quantities, self.wordRule, self.attributes) = (quantities, wordRule, attributes)
  }

  /// All texts, set by set.
  public var parts: [Part] {
    sets.enumerated().flatMap { number, set in
      stride(from: 0, to: set.textCount, by: ScorePlan.textsOfPart).map {
        Part(set: number, texts: $0..<min($0 + ScorePlan.textsOfPart, set.textCount))
      }
    }
  }

  /// The key of a part's row.
  ///
  /// - Parameter part: the texts.
  /// - Returns: text.
  public static func key(of part: Part) -> String { "texts \(part.set) \(part.texts)" }

  private struct Row: Codable {
    let texts: [PromptedText]
    let figures: [TextFigures]
  }

  /// A part's row.
  ///
  /// - Parameter scores: of its texts.
  /// - Returns: JSON.
  /// - Throws: nothing for such values.
  public static func json(_ scores: TextScores) throws -> String {
    try jsonText(Row(texts: scores.set.texts, figures: scores.figures))
  }

  /// Whether a row is there.
  ///
  /// - Parameters:
  ///   - part: the texts.
  ///   - rows: of journals.
  /// - Returns: whether it is.
  public static func isDone(_ part: Part, in rows: [String: String]) -> Bool {
    row(of: part, in: rows) != nil
  }

  private static func row(of part: Part, in rows: [String: String]) -> Row? {
    rows[key(of: part)].flatMap { try? decoded(Row.self, from: $0) }.flatMap { row in
      row.texts.count == part.texts.count && row.figures.count == part.texts.count ? row : nil
    }
  }
}

extension ScorePlan: RowPlan {
  var fault: String? {
    let counts = sets.map(\.textCount)
    return !counts.isEmpty && counts.allSatisfy { (1..<1 << 31).contains($0) }
      ? nil : "has no texts, or too many"
  }

  /// A set of which a part is missing has no texts and no numbers.
  func merged(_ rows: [String: String]) throws -> MergedGroups {
    let parts = self.parts
    let found = parts.map { ScorePlan.row(of: $0, in: rows) }
    let missing = zip(parts, found).filter { $1 == nil }.map(\.0)
    let pending = Set(missing.map(\.set))
    var texts = sets.map { _ in (texts: [PromptedText](), figures: [TextFigures]()) }
    for (part, row) in zip(parts, found) where !pending.contains(part.set) {
      texts[part.set].texts += row?.texts ?? []
      texts[part.set].figures += row?.figures ?? []
    }
    let scores = zip(sets, texts).map { place, texts in
      TextScores(
        TextSet(place.name, at: place.coordinates, texts: texts.texts), figures: texts.figures,
        wordRule: wordRule)
    }
    return MergedGroups(
      groups: try ScoreReport(scores, quantities: quantities, notes: [], pending: pending)
        .groups(attributes: attributes), rowCount: parts.count, pending: missing.map(name))
  }

  private func name(of part: Part) -> String {
    let set = sets[part.set]
    return ([set.name] + set.coordinates.map { "\($0.name) \($0.value)" }).joined(separator: ", ")
      + ", texts \(part.texts.lowerBound + 1) to \(part.texts.upperBound)"
  }
}
