import Evaluation
import HDF5

/// The numbers of single texts, by the names that tables and result files have for them.
public struct TextFigureColumns: Sendable {
  /// One number of each text.
  struct Column<Value: Sendable>: Sendable {
    let name: String
    /// Its name on a terminal, or `nil` if it is not shown there.
    let heading: String?
    let longName: String
    let units: String
    let values: [Value]
  }

  let reals: [Column<Double>]
  let counts: [Column<Int>]

  /// What there is to lay out: the quantity of a set whose model gives it, names, and the number.
  private typealias Layout<Value> = (
    of: TextQuantity, name: String, heading: String?, longName: String,
    value: @Sendable (TextFigures) -> Value
  )

  private static let realLayouts: [Layout<Double>] = [
    (.nll, "perplexity", "perplexity", "exp(nll_sum / n_scored)", { $0.perplexity }),
    (.nll, "nll_sum", nil, "negative log-likelihood of the scored tokens", { $0.nats }),
    (.positiveScore, "p_negative", nil, "probability that it is negative", { $0.negative }),
    (.positiveScore, "p_neutral", nil, "probability that it is neutral", { $0.neutral }),
    (.positiveScore, "p_positive", nil, "probability that it is positive", { $0.positive }),
    (
      .positiveScore, "positive_score", "positive", "p_positive + p_neutral / 2",
      { $0.positiveScore }
    ),
    (.grammar, "grammar", "grammar", "probability that it is acceptable", { $0.grammar }),
    (
      .repetition, "repetition_4", "rep-4", "share of 4-grams that it had before",
      { $0.repetition.share }
    ),
  ]

  private static let countLayouts: [Layout<Int>] = [
    (
      .loops, "ends_in_loop", "loop", "1 if it ends in a phrase three times in a row",
      { $0.repetition.endsInLoop ? 1 : 0 }
    ),
    (.words, "n_words", "words", "words of the text", { $0.wordCount }),
    (.nll, "n_scored", "tokens", "tokens of the scorer", { $0.tokenCount }),
  ]

  /// Lays out numbers.
  ///
  /// - Parameters:
  ///   - figures: of each text.
  ///   - quantities: those that there are models for.
  public init(_ figures: [TextFigures], _ quantities: [TextQuantity]) {
    func columns<Value>(_ layouts: [Layout<Value>]) -> [Column<Value>] {
      layouts.filter { quantities.contains($0.of) }.map { layout in
        Column(
          name: layout.name, heading: layout.heading, longName: layout.longName,
          units: layout.name == "nll_sum" ? "nat" : "1", values: figures.map(layout.value))
      }
    }
    reals = columns(TextFigureColumns.realLayouts)
    counts = columns(TextFigureColumns.countLayouts)
  }

  /// The numbers as variables of a result group over `sample`.
  ///
  /// - Returns: one variable for each number.
  /// - Throws: `HDF5Error` if a name is unusable.
  public func variables() throws -> [ResultVariable] {
    try reals.map { column in
      try ResultVariable(
        column.name, dimensions: ["sample"], .float64(column.values), longName: column.longName,
        units: column.units)
    }
      + counts.map { column in
        try ResultVariable(
          column.name, dimensions: ["sample"], .int32(column.values.map { Int32(clamping: $0) }),
          longName: column.longName)
      }
  }
}
