import Checkpoints
import Geometry
import JSON

extension OriginReport {
  /// One row for each group of units of each stage.
  public var table: ReportTable {
    let rows = finding.stages.flatMap { stage in stage.evidence.map { (stage.name, $0) } }
    let evidence = rows.map(\.1)
    func real(
      _ name: String, _ heading: String?, _ value: (UnitEvidence) -> Double
    ) -> ReportTable.Column {
      .init(name, heading: heading, .real(evidence.map(value)))
    }
    func integer(
      _ name: String, _ heading: String?, _ value: (UnitEvidence) -> Int?
    ) -> ReportTable.Column {
      .init(name, heading: heading, .integer(evidence.map(value)))
    }
    return ReportTable(
      rowCount: rows.count,
      columns: [
        .init("name", heading: "units", .text(evidence.map(\.name))),
        .init(
          "stage", heading: finding.stages.count > 1 ? "stage" : nil, .text(rows.map(\.0))),
        .init("group", .text(evidence.map(\.kind.rawValue))),
        integer("layer", nil) { $0.layer },
        integer("blocks", "blocks") { $0.blockCount },
        integer("h", "h") { $0.blockLength },
        integer("rows", nil) { $0.ranks.count },
        real("rho", "rho", \.likeness),
        real("rho_c", nil, \.excessLikeness),
        real("z", "z", \.z),
        real("ln_p_z", nil, \.logNormalTail),
        integer("f", "first") { $0.firsts },
        integer("best_k", "k") { $0.bestK },
        integer("n_k", "N_k") { $0.bestCount },
        real("ln_p_rank", "ln p", \.logRankBound),
        real("ln_p_mc", nil) { $0.logMonteCarlo ?? .nan },
      ])
  }

  /// The published statistic, if it was asked for.
  private var publishedMembers: [(String, String)] {
    guard let published = finding.published else { return [] }
    let correlations = published.layers.map { String($0.correlation) }
    let logs = published.layers.map { String($0.logProbability) }
    return [
      ("phi_u", jsonString("published statistic, asymptotic")),
      ("phi_u_ln_p", String(published.logCombined)),
      (
        "phi_u_layers", "[" + published.layers.map { String($0.layer) }.joined(separator: ",") + "]"
      ),
      ("phi_u_spearman", "[" + correlations.joined(separator: ",") + "]"),
      ("phi_u_ln_p_layers", "[" + logs.joined(separator: ",") + "]"),
    ]
  }

  /// Which layers belong together, if that was looked at.
  private var layerMembers: [(String, String)] {
    guard let map = finding.layerMap else { return [] }
    let pairs = zip(map.layersOfA, map.assignment).compactMap { layer, position in
      position.map { "[\(layer),\(map.layersOfB[$0])]" }
    }
    return [
      ("layer_map", "[" + pairs.joined(separator: ",") + "]"),
      ("layer_map_ln_p_cert", String(map.logCertified)),
    ]
  }

  /// The verdict as one JSON object.
  public var verdictLine: String {
    func number(_ value: Double) -> String { value.isFinite ? String(value) : "null" }
    let stage = finding.decidingStage
    let controls = finding.controls
    return jsonObject(
      [
        ("kind", jsonString("verdict")), ("verdict", jsonString(finding.verdict.rawValue)),
        ("shared", finding.verdict.isShared ? "true" : "false"),
        ("ln_p_cert", number(finding.logCertified)),
        ("ln_p_z", stage.map { number($0.logCalibrated) } ?? "null"),
        ("ln_p_mc", stage?.logMonteCarlo.map(number) ?? "null"),
        ("ln_alpha", number(finding.logLevel)),
        ("stage", stage.map { jsonString($0.name) } ?? "null"),
        ("stages_planned", stage.map { String($0.planned) } ?? "null"),
        ("detection_limit", number(finding.detectionLimit)),
        ("controls", String(controls.z.count)), ("controls_mean", number(controls.average)),
        ("controls_sd", number(controls.deviation)),
        ("controls_ks", number(controls.kolmogorovSmirnov)),
        ("two_view", finding.twoViews.map { String($0.agreeing) } ?? "null"),
        ("two_view_units", finding.twoViews.map { String($0.units) } ?? "null"),
      ] + publishedMembers + layerMembers + [
        ("frozen", "[" + finding.frozen.map(jsonString).joined(separator: ",") + "]"),
        ("notes", "[" + finding.remarks.map(jsonString).joined(separator: ",") + "]"),
      ])
  }
}
