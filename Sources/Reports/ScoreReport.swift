import Evaluation
import Tensors

/// Scores of sets of texts, for people and machines.
public struct ScoreReport: Sendable {
  let scores: [TextScores]
  let quantities: [TextQuantity]
  let notes: [String]
  private let tellingPlaces: [String]
  /// Numbers of sets whose texts are not all scored yet.
  let pending: Set<Int>

  private static let mostNamed = 5

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - scores: of each set.
  ///   - quantities: those that there are models for.
  ///   - notes: what a reader should know of the models, a line each.
  ///   - pending: numbers of sets whose texts are not all scored yet.
  public init(
    _ scores: [TextScores], quantities: [TextQuantity], notes: [String], pending: Set<Int> = []
  ) {
    self.pending = pending
    (self.scores, self.quantities, self.notes) = (scores, quantities, notes)
    tellingPlaces = ScoreReport.placesTelling(scores.map(\.set))
  }

  /// A row for each set.
  public var table: ReportTable {
    ReportTable(
      rowCount: scores.count,
      columns: [column("set", "set", \.set.name)] + places(of: scores.map(\.set))
        + [count("n_texts", "texts", \.figures.count)] + numbers)
  }

  /// The numbers of sets, but how many texts each has.
  var numbers: [ReportTable.Column] {
    [
      count("n_prompts", nil, \.promptCount),
      count("n_empty", scores.contains { !$0.emptyTexts.isEmpty } ? "empty" : nil) {
        $0.emptyTexts.count
      },
    ] + quantities.flatMap(columns)
  }

  /// A row for each text.
  ///
  /// - Parameter withTexts: whether rows have prompt and text.
  /// - Returns: rows in the order of sets and of texts in each.
  public func textTable(withTexts: Bool) -> ReportTable {
    let rows = scores.flatMap { score in zip(score.set.texts, score.figures).map { ($0, $1) } }
    let sets = scores.flatMap { score in score.figures.map { _ in score.set } }
    let texts = rows.map(\.0)
    let figures = TextFigureColumns(rows.map(\.1), quantities)
    return ReportTable(
      rowCount: rows.count,
      columns: [.init("set", heading: "set", .text(sets.map(\.name)))] + places(of: sets)
        + [
          .init("line", heading: "line", .integer(texts.map(\.line))),
          .init("prompt_id", heading: "prompt", .integer(texts.map(\.promptID))),
          .init("sample", heading: "text", .integer(texts.map(\.replicate))),
        ] + (withTexts ? ScoreReport.contents(of: texts) : [])
        + figures.reals.map { .init($0.name, heading: $0.heading, .real($0.values)) }
        + figures.counts.map { .init($0.name, heading: $0.heading, .integer($0.values)) })
  }

  private static func contents(of texts: [PromptedText]) -> [ReportTable.Column] {
    [
      .init("prompt", .text(texts.map { String(decoding: $0.prompt, as: UTF8.self) })),
      .init("text", .text(texts.map { String(decoding: $0.text, as: UTF8.self) })),
    ]
  }

  /// What a person reads: notes, then all numbers of one set, or a row for each of several.
  public var lines: [String] {
    let head = notes + scores.compactMap { ScoreReport.emptyLine($0, of: label($0.set)) }
    guard scores.count == 1, let only = scores.first else {
      return head.map(\.escapedForTerminal) + [""]
        + TerminalTable(table).lines(width: TerminalTable.width)
    }
    let title =
      "\(label(only.set)): \(only.figures.count.counted("text")) of "
      + only.promptCount.counted("prompt")
    return ([title] + head).map(\.escapedForTerminal) + [""]
      + TerminalTable(list(only)).lines(width: TerminalTable.width)
  }

  /// All numbers of one set, a row each.
  private func list(_ score: TextScores) -> ReportTable {
    let estimates = quantities.map(score.estimate)
    return ReportTable(
      rowCount: quantities.count,
      columns: [
        .init(nil, heading: "", .text(quantities.map(\.longName))),
        .init(nil, heading: "value", .real(estimates.map(\.value))),
        .init(nil, heading: "±", .real(estimates.map(\.standardError)), blanksNaN: true),
        .init(nil, heading: "texts", .integer(quantities.map(score.textCount))),
      ])
  }

  /// The places in which some sets differ. The number of a point is one only if nothing else tells
  /// sets apart.
  private static func placesTelling(_ sets: [TextSet]) -> [String] {
    let places = TextSet.Coordinate.names.filter { name in Set(sets.map { $0[name] }).count > 1 }
    let others = places.filter { $0 != TextSet.Coordinate.point }
    return Set(sets.map { label($0, at: others) }).count == sets.count ? others : places
  }

  /// What to call a set among the others: its name, and where on a path it is if that tells.
  func label(_ set: TextSet) -> String { ScoreReport.label(set, at: tellingPlaces) }

  /// What to call a set: its name and where on a path it is.
  ///
  /// - Parameters:
  ///   - set: which.
  ///   - places: the names of coordinates that are told.
  /// - Returns: such as `texts, alpha 0.5`.
  static func label(
    _ set: TextSet, at places: [String] = TextSet.Coordinate.names
  ) -> String {
    let told = set.coordinates.filter { places.contains($0.name) }
    return ([set.name] + told.map { "\($0.name) \($0.text)" }).joined(separator: ", ")
  }

  /// Which texts of a set are empty, the first of them by name.
  ///
  /// - Parameters:
  ///   - score: of the set.
  ///   - label: what to call it.
  /// - Returns: a line, or `nil` if no text is empty.
  static func emptyLine(_ score: TextScores, of label: String) -> String? {
    let empty = score.emptyTexts
    guard !empty.isEmpty else { return nil }
    let names = empty.prefix(mostNamed).map { index in
      let text = score.set.texts[index]
      return text.line.map { "line \($0)" } ?? "\(text.replicate) of prompt \(text.promptID)"
    }
    return "\(label): \(empty.count.counted("text")) of \(score.figures.count) "
      + (empty.count == 1 ? "is" : "are") + " empty: " + names.joined(separator: ", ")
      + (empty.count > mostNamed ? " and others" : "")
  }

  private func places(of sets: [TextSet]) -> [ReportTable.Column] {
    TextSet.Coordinate.names.compactMap { name in
      let values = sets.map { $0[name] }
      guard values.contains(where: { $0 != nil }) else { return nil }
      let whole = values.map { $0.flatMap { Int(exactly: $0) } }
      let isNumber =
        name == TextSet.Coordinate.point
        && zip(values, whole).allSatisfy {
          ($0 == nil) == ($1 == nil)
        }
      return .init(
        name, heading: tellingPlaces.contains(name) ? name : nil,
        isNumber ? .integer(whole) : .real(values.map { $0 ?? .nan }), blanksNaN: true)
    }
  }

  private func column(
    _ name: String, _ heading: String, _ value: (TextScores) -> String
  ) -> ReportTable.Column { .init(name, heading: heading, .text(scores.map(value))) }

  private func count(
    _ name: String, _ heading: String?, _ value: (TextScores) -> Int
  ) -> ReportTable.Column { .init(name, heading: heading, .integer(scores.map(value))) }

  private func columns(of quantity: TextQuantity) -> [ReportTable.Column] {
    let (name, estimates) = (quantity.rawValue, scores.map { $0.estimate(quantity) })
    let error = ReportTable.Column(
      name + "_error", heading: quantity.showsError ? "±" : nil,
      .real(estimates.map(\.standardError)), blanksNaN: true)
    return [.init(name, heading: quantity.heading, .real(estimates.map(\.value)))]
      + (quantity.hasError ? [error] : [])
      + [count(name + "_texts", nil) { $0.textCount(quantity) }]
  }
}

extension TextSet {
  /// Where on a path it is; `nil` if that is not told.
  subscript(coordinate: String) -> Double? { coordinates.first { $0.name == coordinate }?.value }
}

extension TextSet.Coordinate {
  /// The number of a point, which is whole.
  static let point = "point"

  /// Its value; the number of a point without a fraction.
  fileprivate var text: String {
    guard name == TextSet.Coordinate.point, let number = Int(exactly: value) else {
      return "\(value)"
    }
    return "\(number)"
  }
}
