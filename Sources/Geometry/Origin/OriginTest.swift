import Checkpoints
import Glibc
import LinearAlgebra
import Tensors

/// Tests whether two checkpoints share an initialization.
///
/// The null hypothesis is that they were initialized independently; data, order and recipe may be
/// the same. Under it the labels of one model's units are exchangeable given everything else, so
/// the number of units of A that are most like the unit of B with their own label has a tail bound
/// that holds exactly. Rejecting it may mean descent, a common ancestor, or one random seed.
///
/// Source: docs/ORIGIN-STATISTICS.md, which has the proof; the idea of testing labels is that of
/// Zhu et al. 2025, arXiv 2502.12292.
public struct OriginTest: Sendable {
  /// How to test.
  public struct Options: Sendable {
    /// The level of the test, α.
    public var level = 1e-6
    /// Where random samples and shuffles come from.
    public var seed: UInt64 = 0
    /// Units of A to look at in each group of one block; `nil` is all.
    public var rows: Int?
    /// Random labelings for a Monte Carlo p-value; 0 for none.
    public var shuffles = 0
    /// Whether to test the weights as they are and nothing else.
    public var isDirectOnly = false
    /// What the axes of parameters stand for; `nil` goes by names.
    public var map: AxisMap?
    /// How many heads there are; `nil` asks the map and `config.json`.
    public var heads: AttentionHeads?
    /// Rows of the token embedding that no text contained.
    public var unusedTokens: [Range<Int>] = []
    /// Whether to compare every layer of A with every one of B even if both have as many.
    public var mapsLayers = false
    /// Whether to compute the published statistic too.
    public var comparesPublished = false

    /// The defaults.
    public init() {}

    /// Stages planned before looking at any weight.
    var plannedStages: Int { (isDirectOnly ? 1 : 3) + (mapsLayers ? 1 : 0) }
  }

  private let a: ParameterList
  private let b: ParameterList
  private var options: Options
  private let resources: WalkResources

  /// Plans a test.
  ///
  /// - Parameters:
  ///   - a: one model.
  ///   - b: the other. Whatever was done to it, the p-values hold.
  ///   - options: how to test.
  ///   - resources: how much of the machine to use.
  public init(
    _ a: ParameterList, _ b: ParameterList, options: Options, resources: WalkResources
  ) {
    (self.a, self.b, self.options, self.resources) = (a, b, options, resources)
  }

  /// Carries out the test.
  ///
  /// - Returns: what was found.
  /// - Throws: `CheckpointError` if a file cannot be read, or a weight is NaN or infinite.
  public func run() throws -> OriginFinding {
    var finding = try describe()
    guard finding.verdict != .identical else { return finding }
    guard let map = options.map ?? AxisMap.known(for: a) else {
      finding.remarks.append("no family of models is known whose names these are; --map tells them")
      return finding
    }
    finding.family = map.family
    if options.map == nil, let other = AxisMap.known(for: b), other.family != map.family {
      finding.remarks.append("the names of B are those of \(other.family)")
    }
    let units = try modelUnits(map)
    finding.remarks += units.a.remarks
    try planning(units.a, units.b, &finding).granting(units.a.groups, &finding)
      .test(units.a.groups, units.b.groups, &finding)
    return finding
  }

  /// The test with a layer map among its stages if depths differ, which headers tell.
  private func planning(
    _ left: ModelUnits, _ right: ModelUnits, _ finding: inout OriginFinding
  ) -> OriginTest {
    guard left.layerCount != right.layerCount, min(left.layerCount, right.layerCount) > 0 else {
      return self
    }
    finding.remarks.append(
      "A has \(left.layerCount) layers and B \(right.layerCount), so every layer is compared with "
        + "every other")
    var test = self
    test.options.mapsLayers = true
    return test
  }

  /// The test without random labelings if those of a group would take more memory than granted.
  private func granting(_ groups: [UnitGroup], _ finding: inout OriginFinding) -> OriginTest {
    let labels = max(groups.map(\.unitCount).max() ?? 0, 1)
    let most = resources.scratchByteCount / MemoryLayout<Int32>.size / labels
    guard options.shuffles > most else { return self }
    finding.remarks.append(
      "\(most) random labelings of \(labels) units fit the memory granted, half of --memory, and "
        + "\(options.shuffles) do not; they are left out")
    var test = self
    test.options.shuffles = 0
    return test
  }

  /// Compares the tensors as they are.
  private func describe() throws -> OriginFinding {
    var pairingOptions = CheckpointPairing.Options()
    pairingOptions.matchesTransposed = true
    let pairing = CheckpointPairing(base: a, other: b, options: pairingOptions)
    let differences = try PairWalk([pairing]).differences(using: resources)[0]
    var finding = OriginFinding(
      pairing: pairing, differences: differences, logLevel: log(options.level))
    let same = zip(pairing.pairs, differences).filter {
      $0.1.count > 0 && $0.1.identical == $0.1.count
    }
    if !same.isEmpty, same.count == pairing.pairs.count, isWhole(pairing) {
      finding.verdict = .identical
    }
    let matrices = same.map(\.0).filter { $0.base.shape.rank == 2 }
    let spreads = try statistics(of: matrices.map(\.base), using: resources)
    finding.frozen = zip(matrices, spreads).filter { $0.1.standardDeviation > 0 }
      .map(\.0.name.canonical.text)
    return finding
  }

  /// Whether every parameter of both models is compared, and with all its rows.
  private func isWhole(_ pairing: CheckpointPairing) -> Bool {
    pairing.coverage.allSatisfy { [.compared, .buffer, .tied].contains($0.status) }
      && pairing.pairs.allSatisfy { pair in
        zip([a, b], [pair.base, pair.other]).allSatisfy { model, record in
          let stored = model[pair.name.canonical]?.record ?? record
          return stored.shape.elementCount == record.shape.elementCount
        }
      }
  }

  /// The groups of A and of B. A model whose heads nothing tells is taken to have the other's.
  private func modelUnits(_ map: AxisMap) throws -> (a: ModelUnits, b: ModelUnits) {
    let configured = try [a, b].map {
      try ModelConfiguration(beside: $0.checkpoint).flatMap(AttentionHeads.init)
    }
    let given = options.heads ?? map.heads
    return (
      ModelUnits(a, map: map, heads: given ?? configured[0] ?? configured[1]),
      ModelUnits(b, map: map, heads: given ?? configured[1] ?? configured[0])
    )
  }

  /// The stages, in the order planned, up to the first that certifies.
  private func test(
    _ left: [UnitGroup], _ right: [UnitGroup], _ finding: inout OriginFinding
  ) throws {
    let all = GroupPairs(left, right)
    let pairs = usable(all, &finding)
    if options.mapsLayers { try mapLayers(left, right, &finding) }
    try comparePublished(pairs, &finding)
    guard !pairs.isEmpty else { return conclude(&finding) }
    var scaled = ScaledGroups(resources: resources)
    let direct = try stage("direct", pairs, &scaled, rotation: nil)
    guard direct.evidence.contains(where: \.varies) else {
      finding.remarks.append("in every group all units are alike, as in zero or constant tensors")
      return conclude(&finding)
    }
    finding.stages.append(direct)
    finding.controls = try controls(left, right, &scaled)
    if finding.controls.areSound, needsAlignment(direct) {
      try alignAndTest(
        all.pairs.first { $0.a.kind == .residual }, pairs.filter { $0.a.kind != .residual },
        &finding)
    }
    conclude(&finding)
  }

  private func comparePublished(
    _ pairs: [(a: UnitGroup, b: UnitGroup)], _ finding: inout OriginFinding
  ) throws {
    guard options.comparesPublished else { return }
    let (needed, granted) = (
      PublishedStatistic.scratchByteCount(pairs), resources.scratchByteCount
    )
    guard needed <= granted else {
      return finding.remarks.append(
        "the published statistic would take \(needed / 1_000_000) MB of cosines at once, and "
          + "\(granted / 1_000_000) MB, half of --memory, are granted; it is left out")
    }
    finding.published = try PublishedStatistic(pairs, resources: resources)
  }

  private func mapLayers(
    _ left: [UnitGroup], _ right: [UnitGroup], _ finding: inout OriginFinding
  ) throws {
    finding.layerMap = try LayerMap(
      left, right, rows: options.rows ?? LayerMap.defaultRows, seed: options.seed,
      plannedStages: options.plannedStages, resources: resources)
    if finding.layerMap == nil {
      finding.remarks.append(
        "layers cannot be mapped: no hidden units have one shape, or there are too many layers")
    }
  }

  /// Groups whose labels are exchangeable: position tables of the same bits may be computed, and
  /// then channels have fixed labels.
  private func usable(
    _ pairs: GroupPairs, _ finding: inout OriginFinding
  ) -> [(a: UnitGroup, b: UnitGroup)] {
    finding.remarks += pairs.remarks
    let frozen = Set(finding.frozen)
    return pairs.pairs.filter { pair in
      let tables = pair.a.views.map(\.name).filter { frozen.contains($0) }
      guard pair.a.kind == .residual, !tables.isEmpty, tables.count < pair.a.views.count else {
        return true
      }
      finding.remarks.append(
        "\(tables.joined(separator: ", ")) has the same bits in both, as a table that was computed "
          + "would have; res is left out")
      return false
    }
  }

  private func needsAlignment(_ direct: OriginFinding.Stage) -> Bool {
    !options.isDirectOnly
      && (direct.logCertified > log(options.level) || direct.evidence.contains { $0.z < -6 })
  }

  private func stage(
    _ name: String, _ pairs: [(a: UnitGroup, b: UnitGroup)], _ scaled: inout ScaledGroups,
    rotation: Matrix?
  ) throws -> OriginFinding.Stage {
    var evidence: [UnitEvidence] = []
    for (index, pair) in pairs.enumerated() {
      evidence.append(
        try UnitEvidence(
          product(pair, &scaled, rotation: rotation), rows: options.rows,
          shuffles: options.shuffles,
          randomness: RandomStream(seed: options.seed, stream: UInt64(index))))
    }
    return OriginFinding.Stage(name: name, evidence: evidence, planned: options.plannedStages)
  }

  private func product(
    _ pair: (a: UnitGroup, b: UnitGroup), _ scaled: inout ScaledGroups, rotation: Matrix?
  ) throws -> SimilarityProduct {
    try SimilarityProduct(
      a: scaled.scaled(pair.a), b: scaled.scaled(pair.b), rotation: rotation, resources: resources)
  }

  /// Layer i of A against layer i + 1 of B, by a sample of units where there are many; within the
  /// deeper model if one has more layers, since which of its layers became which of the other's is
  /// not known then.
  private func controls(
    _ left: [UnitGroup], _ right: [UnitGroup], _ scaled: inout ScaledGroups
  ) throws -> NegativeControls {
    let depths = [left, right].map { Set($0.compactMap(\.layer)).count }
    let pairs = GroupPairs(
      shifted: depths[0] < depths[1] ? right : left, depths[0] > depths[1] ? left : right
    ).pairs
    var found: [UnitEvidence] = []
    for (index, pair) in pairs.enumerated() {
      found.append(
        try UnitEvidence(
          product(pair, &scaled, rotation: nil), rows: NegativeControls.rows,
          randomness: RandomStream(seed: options.seed, stream: UInt64(index))))
    }
    return NegativeControls(z: found.filter(\.varies).map(\.z))
  }

  private func alignAndTest(
    _ channels: (a: UnitGroup, b: UnitGroup)?, _ layered: [(a: UnitGroup, b: UnitGroup)],
    _ finding: inout OriginFinding
  ) throws {
    guard let channels else {
      return finding.remarks.append(
        "no token embedding is known by which residual streams could be aligned")
    }
    guard let alignment = try alignment(of: channels, &finding) else { return }
    let layered = layered.filter { alignment.fits($0.a) }
    var folded = ScaledGroups(foldsGain: true, resources: resources)
    if !layered.isEmpty {
      finding.stages.append(
        try stage("residual alignment", layered, &folded, rotation: alignment.rotation))
    }
    guard !isCertified(finding) else { return }
    if let tokens = unusedTokens(channels, &finding) {
      var rows = ScaledGroups(resources: resources)
      finding.stages.append(
        try stage("unused tokens", [tokens], &rows, rotation: alignment.rotation))
    }
    guard !isCertified(finding) else { return }
    var match = TwoViewMatch()
    for pair in layered where pair.a.kind == .hidden {
      try match.add(product(pair, &folded, rotation: alignment.rotation))
    }
    finding.twoViews = match
  }

  /// The rotation of A's channels onto B's; where there is none, a remark says why.
  private func alignment(
    of channels: (a: UnitGroup, b: UnitGroup), _ finding: inout OriginFinding
  ) throws -> ResidualAlignment? {
    let needed = ResidualAlignment.byteCount(channels: channels.a.blockLength)
    guard needed <= 2 * resources.scratchByteCount else {
      finding.remarks.append(
        "the residual streams were not aligned: \(channels.a.blockLength) channels take "
          + "\(needed / 1_000_000 + 1) MB, more than --memory grants")
      return nil
    }
    let found = try ResidualAlignment(
      a: channels.a, b: channels.b, leavingOut: options.unusedTokens, resources: resources)
    if found == nil {
      finding.remarks.append(
        "the residual streams cannot be aligned: the models have no token embedding of one name, "
          + "or its weights are too large")
    }
    return found
  }

  private func isCertified(_ finding: OriginFinding) -> Bool {
    finding.stages.contains { $0.logCertified <= log(options.level) }
  }

  /// Rows of the token embedding that no text contained, as units; if there are too few, a remark
  /// says so.
  private func unusedTokens(
    _ channels: (a: UnitGroup, b: UnitGroup), _ finding: inout OriginFinding
  ) -> (a: UnitGroup, b: UnitGroup)? {
    guard let left = channels.a.views.first, let right = channels.b.views.first else { return nil }
    let rows = min(left.featureCount, right.featureCount)
    let tokens = Set(options.unusedTokens.flatMap { $0.clamped(to: 0..<rows) }).sorted()
    guard tokens.count >= OriginTest.fewestTokens else {
      if !options.unusedTokens.isEmpty {
        finding.remarks.append(
          "\(tokens.count) rows of unused tokens are not tested; it takes at least "
            + "\(OriginTest.fewestTokens) that both embeddings have")
      }
      return nil
    }
    func group(_ view: UnitView) -> UnitGroup {
      UnitGroup(
        kind: .unusedToken, layer: nil, blockCount: 1, blockLength: tokens.count,
        views: [
          UnitView(
            name: view.name,
            slabs: view.slabs.map { UnitSlab($0.record, unitAxis: 0, positions: tokens) })
        ])
    }
    return (group(left), group(right))
  }

  /// Fewer tokens could not certify anything: the least p-value is 1 / tokens!.
  private static let fewestTokens = 10

  private func conclude(_ finding: inout OriginFinding) {
    let level = log(options.level)
    let deciding = finding.stages.first { $0.logCertified <= level }
    switch deciding?.name {
    case _ where !finding.controls.areSound: finding.verdict = .controlsFailed
    case "direct": finding.verdict = .shared
    case "residual alignment": finding.verdict = .sharedAfterAlignment
    case "unused tokens": finding.verdict = .sharedByUnusedTokens
    default:
      if finding.layerMap.map({ $0.logCertified <= level }) ?? false {
        finding.verdict = .shared
      } else if finding.twoViews?.isSimilar ?? false {
        finding.verdict = .similar
      } else {
        finding.verdict =
          finding.stages.isEmpty && finding.layerMap == nil ? .untestable : .notDetected
      }
    }
  }
}
