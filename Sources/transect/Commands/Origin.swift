import ArgumentParser
import Checkpoints
import Geometry
import HDF5
import Reports
import Tensors

/// `transect origin`: whether checkpoints share an initialization.
struct Origin: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Test whether two checkpoints share an initialization.",
    discussion: """
      Counts how many units (hidden units, head dimensions, residual channels) of A are more like \
      the unit of B with their own number than like any other, and bounds the probability of that \
      many if the two were initialized independently. The p-value holds for any size and any data; \
      see docs/ORIGIN.md.

      Three and more checkpoints are tested pair by pair and put into families, with what their \
      distances say about who came from whom.

      Exit codes: 0 shared (all one family), 1 not detected (no pair), 2 unusable input, 3 similar \
      but not certified, untestable, or controls failed (some, but not all one family).
      """)

  @Argument(help: "One checkpoint.")
  var a: String

  @Argument(help: "The other.")
  var b: String

  @Argument(help: "More, to be put into families.")
  var more: [String] = []

  @Option(help: "Level of the test: shared if the certified p-value is at most this.")
  var level = 1e-6

  @Flag(help: "Test the weights as they are, and not after aligning the residual streams.")
  var directOnly = false

  @Option(help: "Units of A to look at in each group of one block, at random; default is all.")
  var rows: Int?

  @Option(help: "Also compare with so many random labelings.")
  var monteCarlo = 0

  @Option(
    parsing: .unconditional, help: "Seed of everything that is drawn at random. (default: 0)",
    transform: readSeed)
  var seed: UInt64 = 0

  @Flag(help: "Compare every layer of A with every layer of B, as is done if depths differ.")
  var layerMap = false

  @Flag(
    name: .customLong("legacy-phi-u"),
    help: "Also compute the published statistic phi_U (arXiv 2502.12292), to compare with.")
  var legacyPhiU = false

  @Option(help: "Of three and more checkpoints, the one that the others are said to come from.")
  var base: String?

  @OptionGroup var names: NameMapOptions
  @OptionGroup var unused: UnusedTokenOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard level > 0, level < 0.4 else { throw ValidationError("--level must be within 0 and 0.4") }
    guard rows.map({ $0 > 0 }) ?? true else { throw ValidationError("--rows must be at least 1") }
    guard (0...9_999).contains(monteCarlo) else {
      throw ValidationError("--monte-carlo must be between 0 and 9999")
    }
    guard more.count + 2 <= Origin.mostCheckpoints else {
      throw ValidationError("at most \(Origin.mostCheckpoints) checkpoints can be compared")
    }
    guard more.isEmpty || !(layerMap || legacyPhiU || monteCarlo > 0) else {
      throw ValidationError(
        "--layer-map, --legacy-phi-u and --monte-carlo are for two checkpoints only")
    }
    guard base == nil || !more.isEmpty else {
      throw ValidationError("--base is for three and more checkpoints only")
    }
  }

  func run() throws {
    guard more.isEmpty else { return try runLineage([a, b] + more) }
    let models = try [a, b].map { try ParameterList(openCheckpoint($0, resources.reading)) }
    try output.checkOutput(against: models.map(\.checkpoint), making: command)
    let finding = try OriginTest(
      models[0], models[1], options: options(models[0]), resources: resources.resources
    ).run()
    for model in models { try model.checkpoint.verifyUnchanged() }
    let names = labels(of: [a, b])
    let report = OriginReport(finding, labels: (names[0], names[1]))
    try show(report)
    try output.write { try result(report, models) }
    if let code = finding.verdict.exitCode { throw code }
  }

  func options(_ model: ParameterList) throws -> OriginTest.Options {
    var options = OriginTest.Options()
    (options.level, options.seed, options.rows) = (level, seed, rows)
    (options.shuffles, options.isDirectOnly) = (monteCarlo, directOnly)
    (options.map, options.heads) = try (names.axisMap(), names.attentionHeads())
    options.unusedTokens = try unused.unusedTokenRanges(model)
    (options.mapsLayers, options.comparesPublished) = (layerMap, legacyPhiU)
    return options
  }

  private func show(_ report: OriginReport) throws {
    let table = printing.verbose ? [""] + TerminalTable(report.table).lines() : []
    try printing.show(
      json: [jsonHeader("origin")] + jsonLines(report.table, kind: "group") + [report.verdictLine],
      csv: report.table, text: report.lines + table)
  }

  private func result(_ report: OriginReport, _ models: [ParameterList]) throws -> ResultFile {
    try output.resultFile(
      title: "Test of a shared initialization", command: command,
      inputs: recordedInputs([a, b], ["a", "b"], models, resources), groups: report.groups())
  }

  /// The command as results record it.
  var command: String {
    let options =
      ["--level", "\(level)", "--seed", "\(seed)"] + (directOnly ? ["--direct-only"] : [])
      + (rows.map { ["--rows", "\($0)"] } ?? [])
      + (monteCarlo > 0 ? ["--monte-carlo", "\(monteCarlo)"] : [])
      + (layerMap ? ["--layer-map"] : []) + (legacyPhiU ? ["--legacy-phi-u"] : [])
      + (base.map { ["--base", output.recorded($0)] } ?? []) + names.recorded + unused.recorded
    return output.command("origin", [a, b] + more, options: options)
  }
}

extension OriginFinding.Verdict {
  /// The exit code, or `nil` for success.
  fileprivate var exitCode: ExitCode? {
    switch self {
    case .identical, .shared, .sharedAfterAlignment, .sharedByUnusedTokens: nil
    case .notDetected: ExitCode(1)
    case .similar, .controlsFailed, .untestable: ExitCode(3)
    }
  }
}
