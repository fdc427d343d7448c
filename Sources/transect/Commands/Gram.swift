import ArgumentParser
import Checkpoints
import Geometry
import HDF5
import Journals
import Reports

/// `transect gram`: inner products of several checkpoints, and what follows from them.
struct Gram: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Distances, angles and task-vector cosines of checkpoints, from one pass over them.",
    discussion: """
      Sums ⟨A, B⟩ and ‖A − B‖² for every pair of checkpoints and every tensor that all have, \
      reading each file once. Angles and distances come from the summed differences, so that near \
      checkpoints keep their digits.

      With --at "0.3,0.7" it gives the norm of Σ c_i θ_i and its distance to each checkpoint. \
      FILE.h5, a result of `transect gram -o`, may stand for the checkpoints; no weights are read \
      then.
      """)

  @Argument(help: "Checkpoints, up to \(GramReport.mostCheckpoints); or one result file (.h5).")
  var checkpoints: [String]

  @Option(help: "Where task vectors start: one of the checkpoints, or one more.")
  var base: String?

  @Option(
    parsing: .unconditional,
    help: "Coefficients, one for each checkpoint, as 0.3,0.7: what is at their point.")
  var at: String?

  @Option(
    help: """
      A row for each: \(NormGrouping.allNames). The matrices that text has are over all tensors.
      """)
  var by = NormGrouping.total

  @OptionGroup var filter: FilterOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var sharding: ShardOptions

  func validate() throws {
    guard (1...GramReport.mostCheckpoints).contains(checkpoints.count) else {
      throw ValidationError("name 2 to \(GramReport.mostCheckpoints) checkpoints, or a result file")
    }
    _ = try coefficients()
    guard checkpoints.count == 1 else { return }
    guard base == nil, output.output == nil else {
      throw ValidationError(
        "--base and -o need two checkpoints or more; of a result file, which holds its base, there "
          + "are --at, --by, --include and --exclude")
    }
  }

  func run() throws {
    if checkpoints.count == 1 { return try showStored() }
    if !resources.input.allowsHDF5, let result = checkpoints.first(where: isHDF5File) {
      throw ValidationError("\(result) is a result file; it is read alone: transect gram \(result)")
    }
    let position = try basePosition(base, among: checkpoints)
    let arguments = try checkpoints + (position == checkpoints.count ? oneMore() : [])
    let models = try arguments.map { try ParameterList(openCheckpoint($0, resources.reading)) }
    try output.checkOutput(against: models.map(\.checkpoint))
    let names = labels(of: arguments)
    let common = try commonTensors(of: models, arguments, options: filter.pairing(), resources)
    let coverage = CoverageReport(
      zip(names.dropFirst(), common.coverage).map { ("\(names[0])→\($0)", $1) })
    if sharding.dryRun { return try estimate(common, models).show(printing) }
    if try sharding.part(of: output) != nil {
      let plan = GramPlan(
        labels: names, base: position, names: common.tensors.map(\.name), coverage: coverage)
      let inputs = try inputs(arguments, models, base: position)
      let keeper = try RunJournal(
        output, sharding, printing, of: inputs, filter.recorded(withPaths: false))
      try finish(common, keeper, whole(inputs, .gram(plan)))
      return try models.forEach { try $0.checkpoint.verifyUnchanged() }
    }
    let matrices = try common.gramMatrices(using: resources.resources)
    for model in models { try model.checkpoint.verifyUnchanged() }
    let report = GramReport(
      labels: names, base: position,
      entries: zip(common.tensors, matrices).map { .init(name: $0.name, matrix: $1) })
    try show(report, coverage, notes: noteLines(models, names))
    try output.write { try result(report, coverage, arguments, models) }
  }

  /// The base, which is none of the checkpoints, if there is room for it.
  private func oneMore() throws -> [String] {
    guard checkpoints.count < GramReport.mostCheckpoints else {
      throw ValidationError(
        "at most \(GramReport.mostCheckpoints) checkpoints, the base among them")
    }
    return [base].compactMap(\.self)
  }

  /// Prints what a result file holds of the tensors asked for.
  private func showStored() throws {
    let path = checkpoints[0]
    guard isHDF5File(path) else {
      _ = try openCheckpoint(path, resources.reading)
      throw ValidationError("\(path) is one checkpoint; name another, or a result file alone")
    }
    guard !filter.matchTransposed else {
      throw ValidationError("--match-transposed cannot be applied to a result file")
    }
    let stored = try withStoredResult(path, groups: GramReport.groupNames) { try GramReport($0) }
    let report = try stored.filter(filter.predicate())
    guard !report.entries.isEmpty || stored.entries.isEmpty else {
      throw CheckpointError(.incomplete, in: path, nothingIncluded)
    }
    try show(report, CoverageReport([]), notes: [])
  }

  /// The numbers of `--at`, or `nil` if it is not given.
  func coefficients() throws -> [Double]? {
    guard let at else { return nil }
    let numbers = at.split(separator: ",", omittingEmptySubsequences: false).map {
      Double($0.filter { $0 != " " })
    }
    guard numbers.allSatisfy({ $0?.isFinite == true }) else {
      throw ValidationError("'\(at)' is no list of numbers such as 0.3,0.7")
    }
    return numbers.compactMap { $0 }
  }

  private func result(
    _ report: GramReport, _ coverage: CoverageReport, _ arguments: [String],
    _ models: [ParameterList]
  ) throws -> ResultFile {
    try output.resultFile(
      title: Gram.title, command: command, inputs: inputs(arguments, models, base: report.base),
      groups: report.groups() + [coverage.group()])
  }

  private func inputs(
    _ arguments: [String], _ models: [ParameterList], base: Int?
  ) throws -> [Provenance.Input] {
    try recordedInputs(
      arguments, arguments.indices.map { $0 == base ? "base" : "checkpoint" }, models, resources)
  }

  private static let title = "Inner products of checkpoints"

  private var command: String {
    output.command(
      "gram", checkpoints, base: base, options: filter.recorded(withPaths: output.recordPaths))
  }

  private func whole(_ inputs: [Provenance.Input], _ content: RunPlan.Content) -> RunPlan {
    output.plan(title: Gram.title, command: command, inputs: inputs, content)
  }

  /// What tensors take, by a probe of the first ones.
  private func estimate(_ common: CommonTensors, _ models: [ParameterList]) throws -> RunEstimate {
    let counts = common.tensors.map(\.elementCount)
    let seconds = try probedSeconds(ofAll: counts) {
      _ = try common.tensors(at: Array(0..<$0)).gramMatrices(using: resources.resources)
    }
    return resources.estimate(rowCount: counts.count, seconds: seconds, models)
  }

  /// Finishes the tensors of this process's part, and writes no result.
  private func finish(
    _ common: CommonTensors, _ keeper: RunJournal, _ whole: RunPlan
  ) throws {
    guard let shard = keeper.shard else { return }
    let mine = shard.rows(ofWork: common.tensors.map(\.elementCount))
    let missing = keeper.missing(mine, of: common.tensors.count, printing, key: GramPlan.key)
    try keeper.begin(whole)
    for some in missing.chunks(
      ofWork: RunJournal.elementsAtOnce, { common.tensors[$0].elementCount })
    {
      let matrices = try common.tensors(at: some).gramMatrices(using: resources.resources)
      try keeper.journal?.append(
        zip(some, matrices).map { (GramPlan.key(tensor: $0), try GramPlan.json($1)) })
    }
  }
}
