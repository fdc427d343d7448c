import Evaluation
import HDF5

extension PathReport {
  /// The groups `/path`, `/path_barriers`, `/path_documents` and `/path_coefficients` of a result
  /// file.
  ///
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups() throws -> [ResultGroup] {
    try [curves(), heights(), documents(), coefficients()]
  }

  private func curves() throws -> ResultGroup {
    func curve(
      _ name: String, _ longName: String, units: String = "1", _ value: (CorpusLoss) -> Double
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: ["subset", axis],
        .float64(texts.indices.flatMap { text in points.map { value($0.model.losses[text]) } }),
        longName: longName, units: units)
    }
    return try ResultGroup(
      "path",
      attributes: [
        ResultAttribute("kind", .text("path")), ResultAttribute("NX_class", .text("NXdata")),
        ResultAttribute("signal", .text("perplexity")),
        ResultAttribute("axes", .texts([".", axis])),
        ResultAttribute("parametrization", .text(parameter.formula)),
      ] + PathReport.roles(checkpoints),
      variables: [
        ResultVariable(
          "subset", dimensions: ["subset"], .text(texts), longName: "text that is scored"),
        scale(),
        curve("perplexity", "perplexity, exp(nll)", \.perplexity),
        curve("perplexity_errors", "standard error of perplexity", \.perplexityError),
        curve("nll", "negative log-likelihood per token", units: "nat", \.mean),
        curve("nll_errors", "standard error of nll over documents", units: "nat", \.standardError),
        along("distance_a", "distance to A, L2 over all parameters mixed", \.distances.a),
        along("distance_b", "distance to B, L2 over all parameters mixed", \.distances.b),
        along("norm", "L2 norm of all parameters mixed", \.norm),
        count("n_tokens", "tokens scored", \.tokenCount),
        count("n_documents", "documents", \.nats.count),
        ResultVariable.flags(
          "status", dimensions: [axis], points.map { _ in 0 }, meanings: ["done"],
          longName: "whether the point is evaluated"),
      ])
  }

  /// Which checkpoint is which letter of the formula.
  ///
  /// - Parameter checkpoints: labels of A, B and, if there is one, C.
  /// - Returns: attributes.
  static func roles(_ checkpoints: [String]) -> [ResultAttribute] {
    zip(["checkpoint_a", "checkpoint_b", "checkpoint_c"], checkpoints).map {
      ResultAttribute($0, .text($1))
    }
  }

  /// The dimension of the points, which has the parameter's name.
  private var axis: String { parameter.rawValue }

  private func scale() throws -> ResultVariable {
    try ResultVariable(
      axis, dimensions: [axis], .float64(points.map(\.alpha)),
      longName: "parameter of \(parameter.formula)")
  }

  private func along(
    _ name: String, _ longName: String, _ value: (Point) -> Double
  ) throws -> ResultVariable {
    try ResultVariable(name, dimensions: [axis], .float64(points.map(value)), longName: longName)
  }

  private func count(
    _ name: String, _ longName: String, _ value: (CorpusLoss) -> Int
  ) throws -> ResultVariable {
    try ResultVariable(
      name, dimensions: ["subset"],
      .int64(points[0].model.losses.map { Int64(value($0)) }), longName: longName)
  }

  private func heights() throws -> ResultGroup {
    let definitions = barriers.first.map { $0.map(\.reference.rawValue) } ?? []
    func height(
      _ name: String, _ longName: String, units: String = "1",
      _ value: (BarrierEstimate) -> Double
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: ["subset", "definition"], .float64(barriers.flatMap { $0.map(value) }),
        longName: longName, units: units)
    }
    return try ResultGroup(
      "path_barriers",
      attributes: [
        ResultAttribute("kind", .text("path")),
        ResultAttribute("level", .float64(BarrierEstimate.level)),
        ResultAttribute("draws", .int32(Int32(BarrierEstimate.draws))),
      ],
      variables: [
        ResultVariable(
          "subset", dimensions: ["subset"], .text(texts), longName: "text that is scored"),
        ResultVariable(
          "definition", dimensions: ["definition"], .text(definitions),
          longName: "what the height is measured above"),
        height("height", "largest excess between the ends", units: "nat", \.height),
        height("lower", "lower end of the simultaneous interval", units: "nat", \.lower),
        height("upper", "upper end of the simultaneous interval", units: "nat", \.upper),
        height("height_at", "parameter where it is highest", \.alpha),
      ])
  }

  private func documents() throws -> ResultGroup {
    let first = points[0].model.losses
    let places = first.indices.flatMap { text in first[text].nats.indices.map { (text, $0) } }
    func integers(
      _ name: String, _ longName: String, _ values: [Int]
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: ["document"], .int64(values.map { Int64($0) }), longName: longName)
    }
    return try ResultGroup(
      "path_documents", attributes: [ResultAttribute("kind", .text("path"))],
      variables: [
        integers("document", "position among all documents", Array(places.indices)), scale(),
        integers("document_of_text", "position within its text", places.map(\.1)),
        ResultVariable(
          "text", dimensions: ["document"], .text(places.map { texts[$0.0] }),
          longName: "text that the document is of"),
        integers("n_tokens", "tokens scored", places.map { first[$0.0].tokenCounts[$0.1] }),
        ResultVariable(
          "nll_sum", dimensions: ["document", axis],
          .float64(
            places.flatMap { place in points.map { $0.model.losses[place.0].nats[place.1] } }),
          longName: "negative log-likelihood of the document's scored tokens", units: "nat"),
      ])
  }

  private func coefficients() throws -> ResultGroup {
    try ResultGroup(
      "path_coefficients", attributes: [ResultAttribute("kind", .text("path"))],
      variables: [
        scale(),
        ResultVariable(
          "checkpoint", dimensions: ["checkpoint"], .text(checkpoints), longName: "checkpoint"),
        ResultVariable(
          "coefficient", dimensions: [axis, "checkpoint"],
          .float64(points.flatMap(\.model.coefficients)), longName: "weight of the checkpoint"),
      ])
  }
}
