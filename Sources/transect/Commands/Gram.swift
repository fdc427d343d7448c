import ArgumentParser
import Checkpoints
import Geometry
import HDF5
import Reports

/// `transect gram`: inner products of several checkpoints, and what follows from them.
struct Gram: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Distances, angles and task-vector cosines of checkpoints, from one pass over them.",
    discussion: """
      Sums ⟨A, B⟩ and ‖A − B‖² for every pair of checkpoints and every tensor that all have, \
      reading each file once. Angles and distances come from the summed differences, so that near \
      checkpoints keep their digits.

      With --at "0.3,0.7" it gives the norm of Σ c_i θ_i and its distance to each checkpoint. FILE.h5, \
      a result of `transect gram -o`, may stand for the checkpoints; no weights are read then.
      """)

  @Argument(help: "Checkpoints, up to \(GramReport.mostCheckpoints); or one result file (.h5).")
  var checkpoints: [String]

  @Option(help: "Where task vectors start: one of the checkpoints, or one more.")
  var base: String?

  @Option(help: "Coefficients, one for each checkpoint, as 0.3,0.7: what is at their point.")
  var at: String?

  @Option(help: "A row for each, in --json, --csv and with --at: \(NormGrouping.allNames).")
  var by = NormGrouping.total

  @OptionGroup var filter: FilterOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions

  /// Whether a result file is read instead of checkpoints.
  private var isStored: Bool { checkpoints.count == 1 }

  func validate() throws {
    guard (1...GramReport.mostCheckpoints).contains(checkpoints.count) else {
      throw ValidationError("name 2 to \(GramReport.mostCheckpoints) checkpoints, or a result file")
    }
    _ = try coefficients()
    guard isStored else { return }
    guard at != nil else { throw ValidationError("a result file alone needs --at") }
    guard base == nil, output.output == nil else {
      throw ValidationError("--base and -o are for checkpoints, not for a result file")
    }
  }

  func run() throws {
    if isStored { return try show(storedReport(), CoverageReport([]), notes: []) }
    let arguments = try all
    let models = try arguments.map { try ParameterList(openCheckpoint($0, mode: resources.io)) }
    try output.checkOutput(against: models.map(\.checkpoint))
    let names = labels(of: arguments)
    let common = try commonTensors(models, arguments)
    let matrices = try common.gramMatrices(using: resources.resources)
    for model in models { try model.checkpoint.verifyUnchanged() }
    let report = GramReport(
      labels: names, base: basePosition,
      entries: zip(common.tensors, matrices).map { .init(name: $0.name, matrix: $1) })
    let coverage = CoverageReport(
      zip(names.dropFirst(), common.coverage).map { ("\(names[0])→\($0)", $1) })
    try show(report, coverage, notes: models.flatMap(\.checkpoint.notes))
    try output.write { try result(report, coverage, zip(names, models).map { ($0, $1) }) }
  }

  /// The checkpoints, the base last if it is none of them.
  private var all: [String] {
    get throws {
      guard let base, basePositionAmongArguments == nil else { return checkpoints }
      guard checkpoints.count < GramReport.mostCheckpoints else {
        throw ValidationError(
          "at most \(GramReport.mostCheckpoints) checkpoints, the base among them")
      }
      return checkpoints + [base]
    }
  }

  private var basePositionAmongArguments: Int? {
    base.flatMap { checkpoints.firstIndex(of: $0) ?? labels(of: checkpoints).firstIndex(of: $0) }
  }

  private var basePosition: Int? {
    base.map { _ in basePositionAmongArguments ?? checkpoints.count }
  }

  private func commonTensors(
    _ models: [ParameterList], _ arguments: [String]
  ) throws -> CommonTensors {
    let options = try filter.pairing()
    return try transect.commonTensors(of: models, arguments, options: options, resources)
  }

  private func storedReport() throws -> GramReport {
    try withStoredResult(checkpoints[0], groups: GramReport.groupNames) { try GramReport($0) }
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
    _ report: GramReport, _ coverage: CoverageReport, _ models: [(String, ParameterList)]
  ) throws -> ResultFile {
    let inputs = try models.map { name, model in
      try Provenance.Input(
        label: name, role: name == report.base.map { report.labels[$0] } ? "base" : "checkpoint",
        parameters: model, digest: model.modelDigest(threads: resources.threads))
    }
    return try output.resultFile(
      title: "Inner products of checkpoints", command: command, inputs: inputs,
      groups: report.groups() + [coverage.group()])
  }

  /// What shapes the result file, in a fixed order.
  private var command: String {
    func recorded(_ path: String) -> String { output.recordPaths ? path : baseName(path) }
    let options =
      (base.map { ["--base", recorded($0)] } ?? [])
      + filter.recorded(withPaths: output.recordPaths)
    return (["transect", "gram"] + checkpoints.map(recorded) + options).joined(separator: " ")
  }
}

/// What checkpoints have in common, if that is anything and its figures fit the memory granted.
///
/// - Parameters:
///   - models: the checkpoints.
///   - arguments: as given on the command line.
///   - options: how to pair.
///   - resources: what may be used.
/// - Returns: what they have in common, at least one tensor.
/// - Throws: `CheckpointError` if there is nothing to compare; `ValidationError` if the figures
///   would need more memory than granted.
func commonTensors(
  of models: [ParameterList], _ arguments: [String], options: CheckpointPairing.Options,
  _ resources: ResourceOptions
) throws -> CommonTensors {
  let common = CommonTensors(models, options: options)
  guard !common.tensors.isEmpty else {
    throw CheckpointError(
      .incomplete, in: arguments[0],
      "has no tensor that all of \(arguments.dropFirst().joined(separator: ", ")) have with one shape"
    )
  }
  let bytes = 16 * models.count * models.count * common.tensors.count
  let granted = resources.resources.scratchByteCount
  guard bytes <= granted else {
    throw ValidationError(
      "the figures of \(common.tensors.count) tensors of \(models.count) checkpoints take "
        + "\(bytes / 1_000_000 + 1)MB; grant twice that with --memory, or --include fewer")
  }
  return common
}
