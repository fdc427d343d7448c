import Evaluation
import HDF5

extension PlaneReport {
  /// The groups `/grid`, `/grid_lines` and `/grid_documents` of a result file, and `/samples` where
  /// points wrote texts. Without texts to score there are no documents.
  ///
  /// - Parameter attributes: of `/grid`, besides its own.
  /// - Returns: the groups.
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups(attributes: [ResultAttribute] = []) throws -> [ResultGroup] {
    try [surface(attributes), lineGroup()]
      + ofTexts { try [losses.documents("grid_documents", kind: "grid", scale: cell())] }
      + (written?.groups() ?? [])
  }

  /// What there is only if texts were scored.
  private func ofTexts<Part>(_ parts: () throws -> [Part]) rethrows -> [Part] {
    texts.isEmpty ? [] : try parts()
  }

  private static let cells = ["w_minus", "w_plus"]

  private var losses: TextLosses {
    TextLosses(texts: texts, points: gridPoints.map(\.model))
  }

  private func surface(_ attributes: [ResultAttribute]) throws -> ResultGroup {
    try ResultGroup(
      "grid",
      attributes: [
        ResultAttribute("kind", .text("grid")), ResultAttribute("NX_class", .text("NXdata")),
        ResultAttribute("signal", .text(texts.isEmpty ? written?.signal ?? "u" : "perplexity")),
        ResultAttribute("axes", .texts(ofTexts { ["."] } + PlaneReport.cells)),
        ResultAttribute("origin", .text(checkpoints[0])),
        ResultAttribute("direction_x", .text("\(checkpoints[1]) - \(checkpoints[0])")),
        ResultAttribute("direction_y", .text("\(checkpoints[2]) - \(checkpoints[0])")),
        ResultAttribute("basis", .text("theta0 + x*tau_plus + y*tau_minus")),
        ResultAttribute("norm_tau_plus", .float64(axes.plusLength)),
        ResultAttribute("norm_tau_minus", .float64(axes.minusLength)),
        ResultAttribute("cosine_of_axes", .float64(axes.cosine)),
      ] + PathReport.roles([checkpoints[2], checkpoints[1], checkpoints[0]]) + attributes
        + (written?.attributes ?? []),
      variables: ofTexts { try [losses.subset()] } + [
        ResultVariable(
          "w_minus", dimensions: ["w_minus"], .float64(grid.minus),
          longName: "coefficient of the minus model"),
        ResultVariable(
          "w_plus", dimensions: ["w_plus"], .float64(grid.plus),
          longName: "coefficient of the plus model"),
      ] + ofTexts { try losses.means(over: PlaneReport.cells) + losses.counts() }
        + (written?.variables(at: gridPositions, over: PlaneReport.cells) ?? [])
        + [
          position("u", "distance from C along B - C", \.u),
          position("v", "distance from C across B - C", \.v),
          PathReport.status(gridPoints.map(\.model), over: PlaneReport.cells),
        ])
  }

  private func lineGroup() throws -> ResultGroup {
    let (point, losses) = (
      ["point"], TextLosses(texts: texts, points: linePoints.map(\.model))
    )
    return try ResultGroup(
      "grid_lines", attributes: [ResultAttribute("kind", .text("grid"))],
      variables: ofTexts { try [losses.subset()] } + [
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
      ] + ofTexts { try losses.means(over: point) }
        + (written?.variables(at: linePositions, over: point) ?? []))
  }

  private func cell() throws -> ResultVariable {
    try ResultVariable(
      "cell", dimensions: ["cell"], .int64(gridPoints.indices.map { Int64($0) }),
      longName: "position in the grid, row-major, w_plus fastest")
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
