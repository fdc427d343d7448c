import Evaluation
import HDF5

/// How linear models are along a line, for people and machines.
public struct LinearityReport: Sendable {
  private let parameter: PathReport.Parameter
  private let checkpoints: [String]
  private let texts: [String]
  private let found: Linearization

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - parameter: what the line is.
  ///   - checkpoints: labels of A, B and, if there is one, C.
  ///   - texts: names of the texts.
  ///   - found: the measurements.
  public init(
    _ parameter: PathReport.Parameter, checkpoints: [String], texts: [String],
    found: Linearization
  ) {
    (self.parameter, self.checkpoints) = (parameter, checkpoints)
    (self.texts, self.found) = (texts, found)
  }

  /// What the loss would be by its own first-order expansion, nats per token.
  private func tangent(_ anchor: Int, _ alpha: Int, _ text: Int) -> Double {
    loss(at: found.anchors[anchor], text)
      + (found.alphas[alpha] - found.anchors[anchor]) * found.slopes[anchor][text]
  }

  private func loss(at anchor: Double, _ text: Int) -> Double {
    found.alphas.firstIndex(of: anchor).map { found.losses[$0][text].mean } ?? .nan
  }

  /// One row for each anchor, point and text.
  public var table: ReportTable {
    let rows = found.anchors.indices.flatMap { anchor in
      found.alphas.indices.flatMap { alpha in
        texts.indices.map { (anchor: anchor, alpha: alpha, text: $0) }
      }
    }
    func real(
      _ name: String, _ heading: String?, _ value: ((anchor: Int, alpha: Int, text: Int)) -> Double
    ) -> ReportTable.Column { .init(name, heading: heading, .real(rows.map(value))) }
    return ReportTable(
      rowCount: rows.count,
      columns: [
        real("anchor", "anchor") { found.anchors[$0.anchor] },
        real(parameter.rawValue, parameter.rawValue) { found.alphas[$0.alpha] },
        .init(
          "text", heading: texts.count > 1 ? "text" : nil, .text(rows.map { texts[$0.text] })),
        real("nll", "nats / token") { found.losses[$0.alpha][$0.text].mean },
        real("nll_expanded", "expanded logits") {
          found.expanded[$0.anchor][$0.alpha][$0.text].mean
        },
        real("nll_tangent", "tangent of loss") { tangent($0.anchor, $0.alpha, $0.text) },
        real("nll_ensemble", "logit ensemble") { found.ensembles[$0.alpha][$0.text].mean },
        real("logit_error", "logits off") { found.logitErrors[$0.anchor][$0.alpha] },
      ])
  }

  /// What a person reads above the table.
  public var lines: [String] {
    let letters = zip(["A", "B", "C"], checkpoints).map { "\($0) = \($1)" }
    return [
      "\(parameter.formula), \(letters.joined(separator: ", "))",
      "expanded logits: loss by z(anchor) + (\(parameter.rawValue) − anchor) dz; logit ensemble: "
        + "by those of the ends, z_A + \(parameter.rawValue) (z_B − z_A)",
      "logits off: what the expansion leaves of the way the logits go, "
        + "\(found.sampleCount.grouped) positions",
    ].map(\.escapedForTerminal)
  }

  /// The group `/linearity` of a result file.
  ///
  /// - Parameter windows: attributes besides its own.
  /// - Returns: the group.
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups(attributes windows: [ResultAttribute] = []) throws -> [ResultGroup] {
    let axis = parameter.rawValue
    let (places, anchors, subsets) = (
      found.alphas.indices, found.anchors.indices, texts.indices
    )
    func real(
      _ name: String, _ dimensions: [String], _ values: [Double], _ longName: String,
      units: String = "nat"
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: dimensions, .float64(values), longName: longName, units: units)
    }
    let curve = ["subset", axis]
    let surface = ["anchor", "subset", axis]
    return try [
      ResultGroup(
        "linearity",
        attributes: [
          ResultAttribute("kind", .text("linearity")),
          ResultAttribute("parametrization", .text(parameter.formula)),
          ResultAttribute("n_positions", .int32(Int32(clamping: found.sampleCount))),
        ] + PathReport.roles(checkpoints) + windows,
        variables: [
          ResultVariable(
            "subset", dimensions: ["subset"], .text(texts), longName: "text that is scored"),
          real(
            axis, [axis], found.alphas, "parameter of \(parameter.formula)", units: "1"),
          real("anchor", ["anchor"], found.anchors, "where expansions start", units: "1"),
          real(
            "nll", curve, subsets.flatMap { text in places.map { found.losses[$0][text].mean } },
            "negative log-likelihood per token"),
          real(
            "nll_errors", curve,
            subsets.flatMap { text in places.map { found.losses[$0][text].standardError } },
            "standard error of nll over documents"),
          real(
            "nll_ensemble", curve,
            subsets.flatMap { text in places.map { found.ensembles[$0][text].mean } },
            "the same by the ensemble of the ends' logits"),
          real(
            "nll_expanded", surface,
            anchors.flatMap { anchor in
              subsets.flatMap { text in places.map { found.expanded[anchor][$0][text].mean } }
            }, "the same by logits expanded to first order around the anchor"),
          real(
            "nll_slope", ["anchor", "subset"], found.slopes.flatMap { $0 },
            "derivative of nll by the parameter at the anchor"),
          real(
            "logit_error", ["anchor", axis], found.logitErrors.flatMap { $0 },
            "distance of logits from their expansion, over that from the anchor's", units: "1"),
        ])
    ]
  }
}
