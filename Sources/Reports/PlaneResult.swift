import Evaluation
import HDF5

extension PlaneReport {
  /// The groups `/grid`, `/grid_lines` and `/grid_documents` of a result file.
  ///
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups() throws -> [ResultGroup] {
    try [surface(), lineGroup(), documents()]
  }

  private static let cells = ["w_minus", "w_plus"]

  private func surface() throws -> ResultGroup {
    func loss(
      _ name: String, _ longName: String, units: String = "1", _ value: (CorpusLoss) -> Double
    ) throws -> ResultVariable {
      try losses(name, ["subset"] + PlaneReport.cells, gridPoints, longName, units, value)
    }
    return try ResultGroup(
      "grid",
      attributes: [
        ResultAttribute("kind", .text("grid")), ResultAttribute("NX_class", .text("NXdata")),
        ResultAttribute("signal", .text("perplexity")),
        ResultAttribute("axes", .texts(["."] + PlaneReport.cells)),
        ResultAttribute("origin", .text(checkpoints[0])),
        ResultAttribute("direction_x", .text("\(checkpoints[2]) - \(checkpoints[0])")),
        ResultAttribute("direction_y", .text("\(checkpoints[1]) - \(checkpoints[0])")),
        ResultAttribute("basis", .text("theta0 + x*tau_plus + y*tau_minus")),
        ResultAttribute("norm_tau_plus", .float64(axes.plusLength)),
        ResultAttribute("norm_tau_minus", .float64(axes.minusLength)),
        ResultAttribute("cosine_of_axes", .float64(axes.cosine)),
      ] + PathReport.roles([checkpoints[1], checkpoints[2], checkpoints[0]]),
      variables: [
        subset(),
        ResultVariable(
          "w_minus", dimensions: ["w_minus"], .float64(grid.minus),
          longName: "coefficient of the minus model"),
        ResultVariable(
          "w_plus", dimensions: ["w_plus"], .float64(grid.plus),
          longName: "coefficient of the plus model"),
        loss("nll", "negative log-likelihood per token", units: "nat", \.mean),
        loss("nll_errors", "standard error of nll over documents", units: "nat", \.standardError),
        loss("perplexity", "perplexity, exp(nll)", \.perplexity),
        loss("perplexity_errors", "standard error of perplexity", \.perplexityError),
        count("n_tokens", "tokens scored", \.tokenCount),
        count("n_documents", "documents", \.nats.count),
        position("u", "distance from C along B - C", \.u),
        position("v", "distance from C across B - C", \.v),
        ResultVariable.flags(
          "status", dimensions: PlaneReport.cells, gridPoints.map { _ in 0 }, meanings: ["done"],
          longName: "whether the point is evaluated"),
      ])
  }

  private func lineGroup() throws -> ResultGroup {
    let point = ["point"]
    func loss(
      _ name: String, _ longName: String, units: String = "1", _ value: (CorpusLoss) -> Double
    ) throws -> ResultVariable {
      try losses(name, ["subset"] + point, linePoints, longName, units, value)
    }
    return try ResultGroup(
      "grid_lines", attributes: [ResultAttribute("kind", .text("grid"))],
      variables: [
        subset(),
        ResultVariable(
          "point", dimensions: point, .int64(linePoints.indices.map { Int64($0) }),
          longName: "position of the point"),
        ResultVariable(
          "line", dimensions: point, .text(linePoints.map { $0.line ?? "" }),
          longName: "corner or line that the point is on"),
        ResultVariable(
          "point_plus", dimensions: point, .float64(linePoints.map(\.plus)),
          longName: "coefficient of the plus model"),
        ResultVariable(
          "point_minus", dimensions: point, .float64(linePoints.map(\.minus)),
          longName: "coefficient of the minus model"),
        loss("nll", "negative log-likelihood per token", units: "nat", \.mean),
        loss("nll_errors", "standard error of nll over documents", units: "nat", \.standardError),
        loss("perplexity", "perplexity, exp(nll)", \.perplexity),
        loss("perplexity_errors", "standard error of perplexity", \.perplexityError),
      ])
  }

  private func documents() throws -> ResultGroup {
    let first = gridPoints[0].model.losses
    let places = first.indices.flatMap { text in first[text].nats.indices.map { (text, $0) } }
    let points = gridPoints
    return try ResultGroup(
      "grid_documents", attributes: [ResultAttribute("kind", .text("grid"))],
      variables: [
        ResultVariable(
          "document", dimensions: ["document"], .int64(places.indices.map { Int64($0) }),
          longName: "position among all documents"),
        ResultVariable(
          "cell", dimensions: ["cell"], .int64(points.indices.map { Int64($0) }),
          longName: "position in the grid, row-major, w_plus fastest"),
        ResultVariable(
          "text", dimensions: ["document"], .text(places.map { texts[$0.0] }),
          longName: "text that the document is of"),
        ResultVariable(
          "n_tokens", dimensions: ["document"],
          .int64(places.map { Int64(first[$0.0].tokenCounts[$0.1]) }), longName: "tokens scored"),
        ResultVariable(
          "nll_sum", dimensions: ["document", "cell"],
          .float64(
            places.flatMap { place in points.map { $0.model.losses[place.0].nats[place.1] } }),
          longName: "negative log-likelihood of the document's scored tokens", units: "nat"),
      ])
  }

  private func subset() throws -> ResultVariable {
    try ResultVariable(
      "subset", dimensions: ["subset"], .text(texts), longName: "text that is scored")
  }

  private func count(
    _ name: String, _ longName: String, _ value: (CorpusLoss) -> Int
  ) throws -> ResultVariable {
    try ResultVariable(
      name, dimensions: ["subset"],
      .int64(gridPoints[0].model.losses.map { Int64(value($0)) }), longName: longName)
  }

  private func losses(
    _ name: String, _ dimensions: [String], _ points: [Point], _ longName: String,
    _ units: String, _ value: (CorpusLoss) -> Double
  ) throws -> ResultVariable {
    try ResultVariable(
      name, dimensions: dimensions,
      .float64(texts.indices.flatMap { text in points.map { value($0.model.losses[text]) } }),
      longName: longName, units: units)
  }

  private func position(
    _ name: String, _ longName: String, _ value: ((u: Double, v: Double)) -> Double
  ) throws -> ResultVariable {
    try ResultVariable(
      name, dimensions: PlaneReport.cells,
      .float64(gridPoints.map { value(axes.position(plus: $0.plus, minus: $0.minus)) }),
      longName: longName)
  }
}
