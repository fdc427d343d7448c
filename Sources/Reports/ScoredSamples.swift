import Evaluation
import HDF5
import Tensors

/// Texts that the models of a path or a plane wrote, and the scores of each point.
public struct ScoredSamples: Sendable {
  let samples: SamplesResult
  let scores: [TextScores]
  let quantities: [TextQuantity]
  private let notes: [String]
  /// How texts were scored, for groups that have their numbers.
  let attributes: [ResultAttribute]

  /// Joins texts and scores.
  ///
  /// - Parameters:
  ///   - samples: texts, point by point.
  ///   - scores: of each point.
  ///   - quantities: those that there are models for.
  ///   - notes: what a reader should know of the scorers, a line each.
  ///   - attributes: the same for a result.
  public init(
    _ samples: SamplesResult, _ scores: [TextScores], quantities: [TextQuantity], notes: [String],
    attributes: [ResultAttribute]
  ) {
    precondition(samples.points.count == scores.count)
    (self.samples, self.scores, self.quantities) = (samples, scores, quantities)
    (self.notes, self.attributes) = (notes, attributes)
  }

  /// Of a path's point or a plane's; nats per token are those of losses there, and perplexity says
  /// the same of texts.
  private var pointQuantities: [TextQuantity] { quantities.filter { $0 != .nll } }

  /// The numbers of points, without what is called as it is of losses; the mean perplexity of texts is
  /// the only one on a terminal.
  ///
  /// - Parameter points: positions of points, one for each row.
  /// - Returns: columns.
  func columns(at points: [Int]) -> [ReportTable.Column] {
    let report = ScoreReport(points.map { scores[$0] }, quantities: pointQuantities, notes: [])
    let corpus = TextQuantity.corpusPerplexity.rawValue
    return report.numbers.map { $0.name == corpus ? .init(corpus, $0.cells) : $0 }
  }

  /// The same for machines alone.
  ///
  /// - Parameter points: positions of points, one for each row.
  /// - Returns: columns.
  func machineColumns(at points: [Int]) -> [ReportTable.Column] {
    columns(at: points).map { .init($0.name, $0.cells) }
  }

  /// The same as variables of a group.
  ///
  /// - Parameters:
  ///   - points: positions of points, in the order of the dimensions.
  ///   - dimensions: of points.
  /// - Returns: variables.
  /// - Throws: `HDF5Error` if a name is unusable.
  func variables(at points: [Int], over dimensions: [String]) throws -> [ResultVariable] {
    try ScoreReport.variables(of: points.map { scores[$0] }, pointQuantities, over: dimensions)
  }

  /// What there are pictures of.
  var pictured: [TextQuantity] {
    let found = [TextQuantity.textPerplexity, .positiveScore, .grammar].filter(quantities.contains)
    return found.isEmpty ? [.distinct1] : found
  }

  /// The variable to draw where there are no losses.
  var signal: String { pictured[0].rawValue }

  /// The groups `/samples` and `/samples_coefficients` of a result file, texts with their scores.
  ///
  /// - Returns: the groups.
  /// - Throws: `HDF5Error` if a text cannot be stored.
  func groups() throws -> [ResultGroup] {
    try samples.groups(
      attributes: attributes,
      figures: TextFigureColumns(scores.flatMap(\.figures), quantities).variables())
  }

  /// What a person reads above the numbers: how many texts, by what they are scored, and which are
  /// empty.
  var lines: [String] {
    let first = scores.first
    let count =
      "\((first?.figures.count ?? 0).counted("text")) of "
      + (first?.promptCount ?? 0).counted("prompt") + " at each point"
    return ["generated: \(count)"] + notes
      + scores.compactMap {
        ScoreReport.emptyLine($0, of: ScoreReport.label($0.set))
      }
  }
}
