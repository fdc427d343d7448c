import Checkpoints
import Geometry
import HDF5
import JSON
import Tensors

/// What a row of a report on coefficients stands for.
public enum SolveGrouping: String, CaseIterable, Sendable {
  case tensor
  case layer
  /// All tensors together.
  case total
}

extension SolveReport {
  /// One row for each tensor, layer, or for all tensors.
  ///
  /// - Parameter grouping: what a row stands for.
  /// - Returns: coefficients, what is left with them, and the rounding floor.
  public func table(by grouping: SolveGrouping) -> ReportTable {
    let parts: [MixtureFinding.Part] =
      switch grouping {
      case .tensor: finding.parts
      case .layer: finding.layers
      case .total: finding.total.map { [$0] } ?? []
      }
    let names = parts.map { part in
      switch grouping {
      case .tensor: part.name.canonical.text
      case .layer: layerLabel(part.name.stack, part.name.layer)
      case .total: "all tensors"
      }
    }
    return ReportTable(
      rowCount: parts.count,
      columns: [
        .init(
          grouping == .tensor ? "tensor" : "group", heading: grouping.rawValue, .text(names)),
        .init("tensors", .integer(parts.map(\.tensors))),
      ] + coefficients(parts)
        + [
          .init(
            nil, heading: "left / rounding", .real(parts.map { $0.residual / $0.floor })),
          .init("agrees", heading: "all's fit", .text(parts.map { $0.agrees ? "yes" : "no" })),
          .init("residual_rms", heading: "left, rms", .real(parts.map(\.residual))),
          .init("consensus_residual_rms", .real(parts.map(\.consensusResidual))),
          .init("free_residual_rms", .real(parts.map(\.freeResidual))),
          .init("n_outliers", .integer(parts.map(\.outliers))),
          .init(
            "nonfinite", heading: finding.nonfinite > 0 ? "NaN/Inf" : nil,
            .integer(parts.map(\.nonfinite))),
          .init("floor_rms", heading: "rounding", .real(parts.map(\.floor))),
          .init("numel", .integer(parts.map(\.elementCount))),
        ])
  }

  private func coefficients(_ parts: [MixtureFinding.Part]) -> [ReportTable.Column] {
    labels.indices.map { input in
      .init(
        "c_\(labels[input])", heading: labels[input],
        .real(parts.map { $0.fit.coefficients[input] }))
    }
      + labels.indices.map { input in
        .init("free_\(labels[input])", .real(parts.map { $0.free.coefficients[input] }))
      }
      + labels.indices.map { input in
        .init("error_\(labels[input])", .real(parts.map { $0.fit.errors[input] }))
      }
  }

  /// The verdict as one JSON object.
  public var verdictLine: String {
    func numbers(_ values: [Double]) -> String {
      "[" + values.map { $0.isFinite ? String($0) : "null" }.joined(separator: ",") + "]"
    }
    let texts = finding.differing.map { jsonString($0.name.canonical.text) }
    return jsonObject([
      ("kind", jsonString("verdict")), ("verdict", jsonString(verdict)),
      ("recipe", jsonString(recipe)),
      ("inputs", "[" + labels.map(jsonString).joined(separator: ",") + "]"),
      ("coefficients", numbers(finding.consensus.coefficients)),
      ("errors", numbers(finding.consensus.errors)),
      ("free", numbers(finding.free.coefficients)),
      ("ways", "[" + ways.map(jsonString).joined(separator: ",") + "]"),
      ("differing", "[" + texts.joined(separator: ",") + "]"),
      ("tensors", String(finding.parts.count)), ("missing", String(missing)),
      ("nonfinite", String(finding.nonfinite)),
    ])
  }

  /// The groups `/solve`, `/solve_layers` and `/solve_tensors` of a result file.
  ///
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups() throws -> [ResultGroup] {
    try [summary()]
      + [
        partGroup("solve_layers", "layer_name", finding.layers) {
          layerLabel($0.name.stack, $0.name.layer)
        },
        partGroup("solve_tensors", "tensor", finding.parts) { $0.name.canonical.text },
      ]
  }

  private func summary() throws -> ResultGroup {
    let inputs = ["input"]
    return try ResultGroup(
      "solve",
      attributes: [
        ResultAttribute("kind", .text("solve")), ResultAttribute("verdict", .text(verdict)),
        ResultAttribute("recipe", .text(recipe)),
        ResultAttribute("tolerance", .float64(finding.answer.tolerance)),
        ResultAttribute("base_position", .int32(Int32(base ?? -1))),
      ],
      variables: [
        ResultVariable("input", dimensions: inputs, .text(labels), longName: "input"),
        ResultVariable(
          "coefficient", dimensions: inputs, .float64(finding.consensus.coefficients),
          longName: "coefficient, their sum 1, for as many tensors as possible"),
        ResultVariable(
          "coefficient_error", dimensions: inputs, .float64(finding.consensus.errors),
          longName: "standard error by rounding"),
        ResultVariable(
          "coefficient_free", dimensions: inputs, .float64(finding.free.coefficients),
          longName: "coefficient without a constraint, for all tensors together"),
        ResultVariable(
          "residual_rms", .float64([finding.total?.consensusResidual ?? .nan]),
          longName: "root mean square of what is left"),
        ResultVariable(
          "floor_rms", .float64([finding.total?.floor ?? .nan]),
          longName: "root mean square expected of rounding once"),
        ResultVariable(
          "n_missing", .int64([Int64(missing)]), longName: "parameters that could not be compared"),
      ])
  }

  private func partGroup(
    _ name: String, _ dimension: String, _ parts: [MixtureFinding.Part],
    label: (MixtureFinding.Part) -> String
  ) throws -> ResultGroup {
    func real(
      _ name: String, _ longName: String, _ value: (MixtureFinding.Part) -> Double
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: [dimension], .float64(parts.map(value)), longName: longName)
    }
    func grid(
      _ name: String, _ longName: String, _ value: (MixtureFinding.Part) -> [Double]
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: [dimension, "input"], .float64(parts.flatMap(value)), longName: longName)
    }
    return try ResultGroup(
      name, attributes: [ResultAttribute("kind", .text("solve"))],
      variables: [
        ResultVariable(
          dimension, dimensions: [dimension], .text(parts.map(label)),
          longName: "what the coefficients are of",
          attributes: [ResultAttribute("content", .text("language"))]),
        ResultVariable("input", dimensions: ["input"], .text(labels), longName: "input"),
        grid("coefficient", "coefficient, their sum 1", \.fit.coefficients),
        grid("coefficient_error", "standard error by rounding", \.fit.errors),
        real("residual_rms", "root mean square of what is left", \.residual),
        real(
          "consensus_residual_rms", "the same with the coefficients of all tensors",
          \.consensusResidual),
        real("floor_rms", "root mean square expected of rounding once", \.floor),
        ResultVariable(
          "n_outliers", dimensions: [dimension], .int64(parts.map { Int64($0.outliers) }),
          longName: "elements farther off than a chain of roundings brings them"),
        ResultVariable(
          "numel", dimensions: [dimension], .int64(parts.map { Int64($0.elementCount) }),
          longName: "elements"),
      ])
  }
}
