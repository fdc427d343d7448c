import Geometry
import HDF5

extension OriginReport {
  /// The groups `/origin`, `/origin_units`, `/origin_controls`, with a layer map `/origin_layers`,
  /// and with the published statistic `/origin_phi_u` of a result file.
  ///
  /// Each has so few dimensions that a reader can make one table of it. The ranks of all units are
  /// there, so that anyone can compute the bounds again.
  ///
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups() throws -> [ResultGroup] {
    let evidence = finding.stages.flatMap(\.evidence)
    let optional = try [("origin_layers", layerMap()), ("origin_phi_u", published())]
    return try [
      summary(evidence), ResultGroup("origin_units", attributes: kind, variables: units(evidence)),
      ResultGroup("origin_controls", attributes: kind, variables: controls()),
    ]
      + optional.filter { !$0.1.isEmpty }.map {
        try ResultGroup($0.0, attributes: kind, variables: $0.1)
      }
  }

  private var kind: [ResultAttribute] { [ResultAttribute("kind", .text("origin"))] }

  private func summary(_ evidence: [UnitEvidence]) throws -> ResultGroup {
    try ResultGroup(
      "origin",
      attributes: kind + [
        ResultAttribute("verdict", .text(finding.verdict.rawValue)),
        ResultAttribute("family", .text(finding.family)),
        ResultAttribute(
          "bound",
          .text("P(N_k >= n) <= lambda^j (n-j)!/n!, j = n - floor(lambda), lambda = rows*k/h")),
      ] + notes,
      variables: labels(evidence) + figures(evidence) + histograms(evidence) + scalars())
  }

  private var notes: [ResultAttribute] {
    finding.remarks.isEmpty ? [] : [ResultAttribute("notes", .texts(finding.remarks))]
  }

  private func labels(_ evidence: [UnitEvidence]) throws -> [ResultVariable] {
    let dimensions = ["unit_group"]
    let names = finding.stages.flatMap { stage in
      stage.evidence.map { stage.name == "direct" ? $0.name : "\($0.name) (\(stage.name))" }
    }
    return try [
      ResultVariable(
        "unit_group", dimensions: dimensions, .text(names), longName: "group of units"),
      ResultVariable(
        "group", dimensions: dimensions, .text(evidence.map(\.kind.rawValue)),
        longName: "kind of units"),
      ResultVariable(
        "layer", dimensions: dimensions,
        .int32(evidence.map { Int32(clamping: $0.layer ?? -1) }), longName: "layer, -1 for none"),
      ResultVariable(
        "blocks", dimensions: dimensions, .int64(evidence.map { Int64($0.blockCount) }),
        longName: "blocks within which labels are exchangeable"),
      ResultVariable(
        "h", dimensions: dimensions, .int64(evidence.map { Int64($0.blockLength) }),
        longName: "units of a block"),
    ]
  }

  private func figures(_ evidence: [UnitEvidence]) throws -> [ResultVariable] {
    func real(
      _ name: String, _ longName: String, _ value: (UnitEvidence) -> Double
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: ["unit_group"], .float64(evidence.map(value)), longName: longName)
    }
    func integer(
      _ name: String, _ longName: String, _ value: (UnitEvidence) -> Int
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: ["unit_group"], .int64(evidence.map { Int64(value($0)) }),
        longName: longName)
    }
    return try [
      real("rho", "average correlation of units of one label", \.likeness),
      real("rho_c", "the same, less what chance gives", \.excessLikeness),
      real("z", "standardized sum of correlations", \.z),
      real("ln_p_z", "natural logarithm of the normal tail of z", \.logNormalTail),
      integer("best_k", "k that gave the bound") { $0.bestK },
      integer("n_k", "units of rank below k") { $0.bestCount },
      integer("f", "units most like their namesake") { $0.firsts },
      real("ln_p_rank", "natural logarithm of the certified bound", \.logRankBound),
      real("ln_p_mc", "natural logarithm of the Monte Carlo p-value") { $0.logMonteCarlo ?? .nan },
    ]
  }

  private func histograms(_ evidence: [UnitEvidence]) throws -> [ResultVariable] {
    let histograms = evidence.map(\.rankHistogram)
    let bins = histograms.map(\.count).max() ?? 0
    return try [
      ResultVariable(
        "rank_bin", dimensions: ["rank_bin"], .int64((0..<bins).map { 1 << Int64($0) }),
        longName: "ranks below this, and not below half of it"),
      ResultVariable(
        "rank_count", dimensions: ["unit_group", "rank_bin"],
        .int64(
          histograms.flatMap { counts in
            (0..<bins).map { $0 < counts.count ? Int64(counts[$0]) : 0 }
          }), longName: "units by rank"),
    ]
  }

  private func units(_ evidence: [UnitEvidence]) throws -> [ResultVariable] {
    let all = evidence.flatMap(\.ranks)
    let owners = evidence.enumerated().flatMap { index, group in
      Array(repeating: Int64(index), count: group.ranks.count)
    }
    return try [
      ResultVariable(
        "unit", dimensions: ["unit"], .int64(all.indices.map { Int64($0) }),
        longName: "unit, in the order of groups and blocks"),
      ResultVariable(
        "group_of_unit", dimensions: ["unit"], .int64(owners),
        longName: "position of its group in /origin"),
      ResultVariable(
        "unit_rank", dimensions: ["unit"], .int64(all.map { Int64($0) }),
        longName: "other units of B at least as like it as its namesake"),
    ]
  }

  private func controls() throws -> [ResultVariable] {
    let z = finding.controls.z
    return try [
      ResultVariable(
        "control", dimensions: ["control"], .int64(z.indices.map { Int64($0) }),
        longName: "negative control"),
      ResultVariable(
        "control_z", dimensions: ["control"], .float64(z),
        longName: "z of layer i of A against layer i + 1 of B"),
    ]
  }

  private func layerMap() throws -> [ResultVariable] {
    guard let map = finding.layerMap else { return [] }
    return try [
      ResultVariable(
        "layer_a", dimensions: ["layer_a"], .int32(map.layersOfA.map { Int32(clamping: $0) }),
        longName: "layer of A"),
      ResultVariable(
        "layer_b", dimensions: ["layer_b"], .int32(map.layersOfB.map { Int32(clamping: $0) }),
        longName: "layer of B"),
      ResultVariable(
        "map_ln_p", dimensions: ["layer_a", "layer_b"], .float64(map.logRankBounds),
        longName: "natural logarithm of the bound for hidden units of two layers"),
      ResultVariable(
        "map_layer", dimensions: ["layer_a"],
        .int32(map.assignment.map { $0.map { Int32(clamping: map.layersOfB[$0]) } ?? -1 }),
        longName: "layer of B that a layer of A became, -1 for none"),
      ResultVariable(
        "map_ln_p_whole", dimensions: ["layer_a"], .float64(map.logWholeBounds),
        longName: "natural logarithm of the bound with that layer by all hidden units"),
    ]
  }

  private func published() throws -> [ResultVariable] {
    guard let published = finding.published else { return [] }
    let dimensions = ["phi_u_layer"]
    return try [
      ResultVariable(
        "phi_u_layer", dimensions: dimensions,
        .int32(published.layers.map { Int32(clamping: $0.layer) }), longName: "layer"),
      ResultVariable(
        "phi_u_spearman", dimensions: dimensions, .float64(published.layers.map(\.correlation)),
        longName: "rank correlation of matched hidden units; published statistic"),
      ResultVariable(
        "phi_u_ln_p_layer", dimensions: dimensions,
        .float64(published.layers.map(\.logProbability)),
        longName: "natural logarithm of its p-value, asymptotic"),
      ResultVariable(
        "phi_u_ln_p", .float64([published.logCombined]),
        longName: "natural logarithm of the p-value of all layers, asymptotic"),
    ]
  }

  private func scalars() throws -> [ResultVariable] {
    let stage = finding.decidingStage
    return try [
      ResultVariable(
        "ln_p_cert", .float64([finding.logCertified]),
        longName: "natural logarithm of the certified p-value"),
      ResultVariable(
        "ln_p_z_all", .float64([stage?.logCalibrated ?? .nan]),
        longName: "natural logarithm of the p-value by z"),
      ResultVariable(
        "ln_alpha", .float64([finding.logLevel]), longName: "natural logarithm of the level"),
      ResultVariable(
        "detection_limit", .float64([finding.detectionLimit]),
        longName: "average correlation found with probability 0.95"),
      ResultVariable(
        "stages_planned", .int64([Int64(stage?.planned ?? 0)]), longName: "stages planned"),
      ResultVariable(
        "two_view", .int64([Int64(finding.twoViews?.agreeing ?? -1)]),
        longName: "hidden units that agree by two views, -1 if not looked at"),
    ]
  }
}
