import Evaluation
import HDF5

/// Losses of several texts at several points, as variables of result groups.
struct TextLosses {
  let texts: [String]
  let points: [SweepPoint]

  /// The dimension of texts.
  func subset() throws -> ResultVariable {
    try ResultVariable(
      "subset", dimensions: ["subset"], .text(texts), longName: "text that is scored")
  }

  /// A number of each text at each point: [subset, axes].
  func variable(
    _ name: String, over axes: [String], _ longName: String, units: String = "1",
    _ value: (CorpusLoss) -> Double
  ) throws -> ResultVariable {
    try ResultVariable(
      name, dimensions: ["subset"] + axes,
      .float64(texts.indices.flatMap { text in points.map { value($0.losses[text]) } }),
      longName: longName, units: units)
  }

  /// Loss, perplexity and their errors: [subset, axes].
  func means(over axes: [String]) throws -> [ResultVariable] {
    try [
      variable("perplexity", over: axes, "perplexity, exp(nll)", \.perplexity),
      variable(
        "perplexity_errors", over: axes, "standard error of perplexity", \.perplexityError),
      variable("nll", over: axes, "negative log-likelihood per token", units: "nat", \.mean),
      variable(
        "nll_errors", over: axes, "standard error of nll over documents", units: "nat",
        \.standardError),
    ]
  }

  /// How large each text is: [subset].
  func counts() throws -> [ResultVariable] {
    func count(
      _ name: String, _ longName: String, _ value: (CorpusLoss) -> Int
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: ["subset"], .int64(points[0].losses.map { Int64(value($0)) }),
        longName: longName)
    }
    return try [
      count("n_tokens", "tokens scored", \.tokenCount),
      count("n_documents", "documents", \.nats.count),
    ]
  }

  /// The loss of each document at each point, from which everything else can be taken again.
  ///
  /// - Parameters:
  ///   - name: the group's.
  ///   - kind: its attribute.
  ///   - scale: the dimension of points.
  /// - Returns: the group.
  /// - Throws: `HDF5Error` if a text cannot be stored.
  func documents(_ name: String, kind: String, scale: ResultVariable) throws -> ResultGroup {
    let first = points[0].losses
    let places = first.indices.flatMap { text in first[text].nats.indices.map { (text, $0) } }
    func integers(
      _ name: String, _ longName: String, _ values: [Int]
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: ["document"], .int64(values.map { Int64($0) }), longName: longName)
    }
    return try ResultGroup(
      name, attributes: [ResultAttribute("kind", .text(kind))],
      variables: [
        integers("document", "position among all documents", Array(places.indices)), scale,
        integers("document_of_text", "position within its text", places.map(\.1)),
        ResultVariable(
          "text", dimensions: ["document"], .text(places.map { texts[$0.0] }),
          longName: "text that the document is of"),
        integers("n_tokens", "tokens scored", places.map { first[$0.0].tokenCounts[$0.1] }),
        ResultVariable(
          "nll_sum", dimensions: ["document", scale.name],
          .float64(places.flatMap { place in points.map { $0.losses[place.0].nats[place.1] } }),
          longName: "negative log-likelihood of the document's scored tokens", units: "nat"),
      ])
  }
}
