import Evaluation
import HDF5

extension PathReport {
  /// The groups `/path`, `/path_barriers`, `/path_documents` and `/path_coefficients` of a result
  /// file, and `/samples` where points wrote texts. Without texts to score there are no barriers and
  /// documents.
  ///
  /// - Parameter attributes: of `/path`, besides its own.
  /// - Returns: the groups.
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups(attributes: [ResultAttribute] = []) throws -> [ResultGroup] {
    try [curves(attributes)]
      + ofTexts {
        try [heights(), losses.documents("path_documents", kind: "path", scale: scale())]
      } + [coefficients()] + (written?.groups() ?? [])
  }

  /// What there is only if texts were scored.
  private func ofTexts<Part>(_ parts: () throws -> [Part]) rethrows -> [Part] {
    texts.isEmpty ? [] : try parts()
  }

  private var losses: TextLosses { TextLosses(texts: texts, points: points.map(\.model)) }

  private func curves(_ attributes: [ResultAttribute]) throws -> ResultGroup {
    try ResultGroup(
      "path",
      attributes: [
        ResultAttribute("kind", .text("path")), ResultAttribute("NX_class", .text("NXdata")),
        ResultAttribute("signal", .text(signal)),
        ResultAttribute("axes", .texts((texts.isEmpty ? [] : ["."]) + [axis])),
        ResultAttribute("parametrization", .text(parameter.formula)),
      ] + PathReport.roles(checkpoints) + attributes + (written?.attributes ?? []),
      variables: ofTexts { [try losses.subset()] } + [scale()]
        + ofTexts { try losses.means(over: [axis]) }
        + [
          along("distance_a", "distance to A, L2 over all parameters mixed", \.distances.a),
          along("distance_b", "distance to B, L2 over all parameters mixed", \.distances.b),
          along("norm", "L2 norm of all parameters mixed", \.norm),
        ] + ofTexts { try losses.counts() }
        + (written?.variables(at: Array(points.indices), over: [axis]) ?? [])
        + [
          PathReport.status(points.map(\.model), over: [axis])
        ])
  }

  /// What readers that draw by themselves should draw.
  private var signal: String { texts.isEmpty ? written?.signal ?? "norm" : "perplexity" }

  /// Which checkpoint is which letter of the formula.
  ///
  /// - Parameter checkpoints: labels of A, B and, if there is one, C.
  /// - Returns: attributes.
  static func roles(_ checkpoints: [String]) -> [ResultAttribute] {
    zip(["checkpoint_a", "checkpoint_b", "checkpoint_c"], checkpoints).map {
      ResultAttribute($0, .text($1))
    }
  }

  /// Which points are evaluated; that some may be pending is told only where some are.
  ///
  /// - Parameters:
  ///   - points: in the order of the dimensions.
  ///   - dimensions: of points.
  /// - Returns: the variable.
  /// - Throws: nothing for such names.
  static func status(
    _ points: [SweepPoint], over dimensions: [String]
  ) throws -> ResultVariable {
    try .flags(
      "status", dimensions: dimensions, points.map { $0.isPending ? 1 : 0 },
      meanings: ["done"] + (points.contains(where: \.isPending) ? ["pending"] : []),
      longName: "whether the point is evaluated")
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
        losses.subset(),
        ResultVariable(
          "definition", dimensions: ["definition"], .text(definitions),
          longName: "what the height is measured above"),
        height("height", "largest excess between the ends", units: "nat", \.height),
        height("lower", "lower end of the simultaneous interval", units: "nat", \.lower),
        height("upper", "upper end of the simultaneous interval", units: "nat", \.upper),
        height("height_at", "parameter where it is highest", \.alpha),
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
