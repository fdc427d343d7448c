import ArgumentParser
import Checkpoints
import Geometry
import HDF5
import Journals
import Reports
import Tensors

/// `transect norms`: how far checkpoints are from a base, and where.
struct Norms: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Norms of the differences between a base and other checkpoints.",
    discussion: """
      For each tensor, with A the base's n values and B the other's: the distance ‖A − B‖₂, by \
      default divided by √n (arXiv 2211.12092, section 5.3); relative, ‖A − B‖₂ / ‖A‖₂; cosine, \
      ⟨A, B⟩ / (‖A‖₂ ‖B‖₂); the largest |A − B|; and how many values have the same bits. \
      --json, --csv and -o hold more: see docs/HDF5-SCHEMA.md.
      """)

  @Argument(help: "The checkpoint to measure from.")
  var base: String

  @Argument(help: "Checkpoints to measure.")
  var others: [String]

  @Option(help: "A row for each: \(NormGrouping.allNames).")
  var by = NormGrouping.tensor

  @Option(help: "Order of rows: \(NormOrder.allNames).")
  var sort = NormOrder.file

  @Option(help: "Print only the first so many rows.")
  var top: Int?

  @Option(help: "Scale of the distance: rms (‖A − B‖ / √n), l2 (‖A − B‖) or mean (‖A − B‖ / n).")
  var scale = NormScale.rms

  @Flag(help: "Exit with 3 if values are NaN or infinite, or parameters could not be compared.")
  var strict = false

  @OptionGroup var filter: FilterOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var sharding: ShardOptions

  func validate() throws {
    guard !others.isEmpty else { throw ValidationError("name at least one checkpoint to measure") }
    guard top.map({ $0 > 0 }) ?? true else { throw ValidationError("--top must be at least 1") }
  }

  func run() throws {
    let checkpoints = try ([base] + others).map { argument in
      try ParameterList(openCheckpoint(argument, resources.reading))
    }
    try output.checkOutput(against: checkpoints.map(\.checkpoint))
    let pairings = try pairings(checkpoints)
    if sharding.dryRun { return try estimate(pairings, checkpoints).show(printing) }
    if try sharding.part(of: output) != nil {
      let inputs = try inputs(checkpoints)
      let keeper = try RunJournal(
        output, sharding, printing, of: inputs, filter.recorded(withPaths: false))
      let names = labels(of: [base] + others)
      let plan = NormsPlan(zip(names.dropFirst(), pairings).map { ("\(names[0])→\($0)", $1) })
      try finish(pairings, keeper, whole(inputs, .norms(plan)))
      return try checkpoints.forEach { try $0.checkpoint.verifyUnchanged() }
    }
    let report = try measure(checkpoints, pairings)
    try show(report, checkpoints)
    try output.write { try result(report, checkpoints) }
    if strict && !report.isClean { throw ExitCode(3) }
  }

  private func pairings(_ checkpoints: [ParameterList]) throws -> [CheckpointPairing] {
    let options = try filter.pairing()
    let pairings = checkpoints.dropFirst().map { other in
      CheckpointPairing(base: checkpoints[0], other: other, options: options)
    }
    if let empty = pairings.firstIndex(where: \.pairs.isEmpty) {
      throw CheckpointError(
        .incomplete, in: others[empty],
        "has no tensor that can be compared with \(base): "
          + pairings[empty].summary.map { "\($0.count) \($0.status.rawValue)" }
          .joined(separator: ", "))
    }
    return pairings
  }

  private func measure(
    _ checkpoints: [ParameterList], _ pairings: [CheckpointPairing]
  ) throws -> NormsReport {
    let differences = try PairWalk(pairings).differences(using: resources.resources)
    for checkpoint in checkpoints { try checkpoint.checkpoint.verifyUnchanged() }
    return NormsReport(
      labels: labels(of: [base] + others), pairings: pairings, differences: differences)
  }

  private func result(
    _ report: NormsReport, _ checkpoints: [ParameterList]
  ) throws -> ResultFile {
    try output.resultFile(
      title: Norms.title, command: command, inputs: inputs(checkpoints),
      groups: report.groups())
  }

  private func inputs(_ checkpoints: [ParameterList]) throws -> [Provenance.Input] {
    try recordedInputs(
      [base] + others, ["base"] + others.map { _ in "other" }, checkpoints, resources)
  }

  private static let title = "Norms of differences between checkpoints"

  private var command: String {
    output.command(
      "norms", [base] + others, options: filter.recorded(withPaths: output.recordPaths))
  }

  private func whole(_ inputs: [Provenance.Input], _ content: RunPlan.Content) -> RunPlan {
    output.plan(title: Norms.title, command: command, inputs: inputs, content)
  }

  /// What pairs take, by a probe of the first ones.
  private func estimate(
    _ pairings: [CheckpointPairing], _ checkpoints: [ParameterList]
  ) throws -> RunEstimate {
    let rows = NormsRow.all(of: pairings)
    let seconds = try probedSeconds(ofAll: rows.map(\.work)) {
      _ = try PairWalk(pairs: NormsRow.pairs(Array(rows.prefix($0)), of: pairings)).differences(
        using: resources.resources)
    }
    return resources.estimate(rowCount: rows.count, seconds: seconds, checkpoints)
  }

  /// Finishes the pairs of this process's part, and writes no result. A tensor of the base is read
  /// once for all others.
  private func finish(
    _ pairings: [CheckpointPairing], _ keeper: RunJournal, _ whole: RunPlan
  ) throws {
    guard let shard = keeper.shard else { return }
    let all = NormsRow.all(of: pairings)
    let mine = shard.rows(ofWork: all.map(\.work))
    let missing = keeper.missing(mine, of: all.count, printing) { all[$0].key }
    try keeper.begin(whole)
    for some in missing.chunks(ofWork: RunJournal.elementsAtOnce, { all[$0].work }) {
      let rows = some.map { all[$0] }
      let found = try PairWalk(pairs: NormsRow.pairs(rows, of: pairings)).differences(
        using: resources.resources)
      try keeper.journal?.append(
        zip(NormsRow.inOrder(rows, of: pairings), found).flatMap { rows, found in
          try zip(rows, found).map { ($0.key, try NormsPlan.json($1)) }
        })
    }
  }
}

/// A pair of tensors among those of several comparisons.
private struct NormsRow {
  let comparison: Int
  let pair: Int
  /// Elements to read.
  let work: Int
  var key: String { NormsPlan.key(comparison: comparison, pair: pair) }

  /// All pairs; those of one tensor of the base are neighbours.
  static func all(of pairings: [CheckpointPairing]) -> [NormsRow] {
    var (order, rows) = ([TensorName](), [TensorName: [NormsRow]]())
    for (comparison, pairing) in pairings.enumerated() {
      for (position, pair) in pairing.pairs.enumerated() {
        if rows[pair.base.name] == nil { order.append(pair.base.name) }
        rows[pair.base.name, default: []].append(
          NormsRow(comparison: comparison, pair: position, work: pair.base.shape.elementCount))
      }
    }
    return order.flatMap { rows[$0] ?? [] }
  }

  static func inOrder(_ rows: [NormsRow], of pairings: [CheckpointPairing]) -> [[NormsRow]] {
    pairings.indices.map { comparison in rows.filter { $0.comparison == comparison } }
  }

  static func pairs(_ rows: [NormsRow], of pairings: [CheckpointPairing]) -> [[TensorPair]] {
    zip(pairings, inOrder(rows, of: pairings)).map { pairing, rows in
      rows.map { pairing.pairs[$0.pair] }
    }
  }
}

extension NormsReport {
  /// Whether all values are finite and every parameter was compared.
  fileprivate var isClean: Bool {
    nonfinite == 0 && coverage.isComplete
  }
}

extension NormGrouping: ExpressibleByArgument {
  static var allNames: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
extension NormOrder: ExpressibleByArgument {
  fileprivate static var allNames: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
extension NormScale: ExpressibleByArgument {}
