import ArgumentParser
import Checkpoints
import Geometry
import Reports
import Tensors

/// `transect align`: brings one checkpoint's units into the order of another's.
struct Align: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Permute the units of B onto A's, without changing what B computes.",
    discussion: """
      Finds orders of the residual channels, of each layer's hidden units and of each layer's \
      heads that bring B's weights nearest to A's (weight matching: Ainsworth et al. 2022, \
      section 3.2), and writes B in those orders. The new file is read again: the inverse orders \
      must give B's bytes back.

      A parameter whose axes are not known is an error, since moving the units of the others only \
      would change the model. Both models' parameters are held in memory as 4-byte numbers.
      """)

  @Argument(help: "The checkpoint that stays as it is.")
  var a: String

  @Argument(help: "The checkpoint to permute.")
  var b: String

  @Option(
    parsing: .unconditional,
    help: "Seed of the order in which groups of units are matched. (default: 0)",
    transform: readSeed)
  var seed: UInt64 = 0

  @OptionGroup var names: NameMapOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: CheckpointOutputOptions

  func run() throws {
    let models = try [a, b].map { try ParameterList(openCheckpoint($0, resources.reading)) }
    try output.check(against: models.map(\.checkpoint))
    let pairing = CheckpointPairing(base: models[0], other: models[1])
    let units = try units(of: models[1])
    try require(pairing, fits: units)
    let matching = try WeightMatching(
      pairing, units: units, seed: seed, threads: resources.threads)
    let before = try PairWalk([pairing]).differences(using: resources.resources)[0]
    for model in models { try model.checkpoint.verifyUnchanged() }
    try write(PermutedCheckpoint(models[1], units: units, permutations: matching.permutations))
    let after = try distances(from: models[0])
    try show(AlignReport(matching, before: before, after: after), units)
  }

  private func units(of model: ParameterList) throws -> PermutableUnits {
    guard let map = try names.axisMap() ?? AxisMap.known(for: model) else {
      throw CheckpointError(
        .unsupported, in: model.checkpoint.path,
        "is of no family whose parameters are known; --map tells what their axes stand for")
    }
    let configured = try ModelConfiguration(beside: model.checkpoint)
      .flatMap { AttentionHeads($0) }
    return try PermutableUnits(
      model, map: map, heads: names.attentionHeads() ?? map.heads ?? configured)
  }

  private func require(_ pairing: CheckpointPairing, fits units: PermutableUnits) throws {
    if let misfit = pairing.coverage.first(where: { $0.status == .shapeMismatch }) {
      throw CheckpointError(.unsupported, in: b, tensor: misfit.name, misfit.detail + " of A and B")
    }
    guard !pairing.pairs.isEmpty else {
      throw CheckpointError(.incomplete, in: b, "has no parameter in common with \(a)")
    }
    let needed = WeightMatching.byteCount(pairing, units: units)
    let granted = resources.memory ?? MemorySize.halfOfMachine
    guard needed <= granted.byteCount - MemorySize.least.byteCount else {
      throw CheckpointError(
        .unsupported, in: b,
        "matching takes \(MemorySize(byteCount: needed)) of memory besides \(MemorySize.least), "
          + "and \(granted) are granted; --memory grants more")
    }
  }

  private func write(_ permuted: PermutedCheckpoint) throws {
    let remark = "units permuted onto those of \(baseName(a)) by weight matching, seed \(seed)"
    try output.write(carryingFilesOf: permuted.original.checkpoint) { path in
      try permuted.write(to: path, remark: remark)
    }
  }

  /// Measured from the file as it was written.
  private func distances(from base: ParameterList) throws -> [TensorDifference] {
    let written = try ParameterList(openCheckpoint(output.file, resources.reading))
    return try PairWalk([CheckpointPairing(base: base, other: written)])
      .differences(using: resources.resources)[0]
  }

  private func show(_ report: AlignReport, _ units: PermutableUnits) throws {
    if units.heads == nil {
      printing.warn(
        "heads stay in place, as no config.json beside B tells their number; "
          + "--heads does")
    }
    try printing.show(
      json: [jsonHeader("align", [("seed", "\(seed)")])]
        + jsonLines(report.distances, kind: "distance")
        + jsonLines(report.groups, kind: "group"),
      csv: report.groups,
      text: [report.remark, ""] + TerminalTable(report.distances).lines() + [""]
        + TerminalTable(report.groups).lines() + [""]
        + ["written: \(output.file.escapedForTerminal); the inverse orders give B's bytes back"])
  }
}
