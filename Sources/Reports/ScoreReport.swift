import Evaluation
import Tensors

/// Scores of sets of texts, for people and machines.
public struct ScoreReport: Sendable {
  let scores: [TextScores]
  let quantities: [TextQuantity]
  let notes: [String]

  private static let mostNamed = 5

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - scores: of each set.
  ///   - quantities: those that there are models for.
  ///   - notes: what a reader should know of the models, a line each.
  public init(_ scores: [TextScores], quantities: [TextQuantity], notes: [String]) {
    (self.scores, self.quantities, self.notes) = (scores, quantities, notes)
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
  public var textTable: ReportTable {
    let rows = scores.flatMap { score in zip(score.set.texts, score.figures).map { ($0, $1) } }
    let sets = scores.flatMap { score in score.figures.map { _ in score.set } }
    let texts = rows.map(\.0)
    let figures = TextFigureColumns(rows.map(\.1), quantities)
    return ReportTable(
      rowCount: rows.count,
      columns: [.init("set", heading: "set", .text(sets.map(\.name)))] + places(of: sets)
        + [
          .init("prompt_id", heading: "prompt", .integer(texts.map(\.promptID))),
          .init("sample", heading: "text", .integer(texts.map(\.replicate))),
        ] + figures.reals.map { .init($0.name, heading: $0.heading, .real($0.values)) }
        + figures.counts.map { .init($0.name, heading: $0.heading, .integer($0.values)) })
  }

  /// What a person reads: notes, then all numbers of one set, or a row for each of several.
  public var lines: [String] {
    let head = notes + scores.flatMap { ScoreReport.emptyLine($0).map { [$0] } ?? [] }
    guard scores.count == 1, let only = scores.first else {
      return head.map(\.escapedForTerminal) + [""]
        + TerminalTable(table).lines(width: TerminalTable.width)
    }
    let title =
      "\(ScoreReport.label(only.set)): \(only.figures.count.counted("text")) of "
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
        .init(
          nil, heading: "±",
          .text(estimates.map { $0.standardError.isNaN ? "" : $0.standardError.brief })),
        .init(nil, heading: "texts", .integer(quantities.map(score.textCount))),
      ])
  }

  /// What to call a set: its name and where on a path it is.
  static func label(_ set: TextSet) -> String {
    ([set.name] + set.coordinates.map { "\($0.name) \($0.value)" }).joined(separator: ", ")
  }

  /// Which texts of a set are empty, the first of them by name.
  static func emptyLine(_ score: TextScores) -> String? {
    let empty = score.emptyTexts
    guard !empty.isEmpty else { return nil }
    let names = empty.prefix(mostNamed).map { index in
      "\(score.set.texts[index].replicate) of prompt \(score.set.texts[index].promptID)"
    }
    return "\(label(score.set)): \(empty.count.counted("text")) of \(score.figures.count) "
      + (empty.count == 1 ? "is" : "are") + " empty: " + names.joined(separator: ", ")
      + (empty.count > mostNamed ? " and others" : "")
  }

  private func places(of sets: [TextSet]) -> [ReportTable.Column] {
    TextSet.Coordinate.names.compactMap { name in
      let values = sets.map { $0.value(of: name) }
      return values.allSatisfy(\.isNaN) ? nil : .init(name, heading: name, .real(values))
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
      .real(estimates.map(\.standardError)))
    return [.init(name, heading: quantity.heading, .real(estimates.map(\.value)))]
      + (quantity.hasError ? [error] : [])
      + [count(name + "_texts", nil) { $0.textCount(quantity) }]
  }
}

extension TextSet {
  /// Where on a path it is; NaN if that is not told.
  func value(of coordinate: String) -> Double {
    coordinates.first { $0.name == coordinate }?.value ?? .nan
  }
}
