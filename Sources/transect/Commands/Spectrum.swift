import ArgumentParser
import Checkpoints
import Geometry
import HDF5
import JSON
import Reports
import Tensors

/// `transect spectrum`: singular values of matrices, or of what is between two checkpoints.
struct Spectrum: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Singular values of each matrix of a checkpoint, or of each difference of two.",
    discussion: """
      For each matrix D of A, or each difference D = A − B: the spectral norm ‖D‖₂ = σ₁; the \
      stable rank, ‖D‖_F² / σ₁²; the effective rank, exp of the entropy of σ / Σσ; the rank above \
      what rounding of the stored numbers explains; and the energy, the share of ‖D‖_F² in the r \
      largest singular values. A difference of low rank but for rounding, as of a merged LoRA, is \
      called so. -o stores all singular values; --json and --csv hold more than the table.

      Tensors of more than two axes are taken as [outermost extent, all others]; tensors of one \
      axis are skipped; --verbose lists them. A matrix takes 8 bytes for each element of a square \
      of its shorter side, and some 10 MB. Of those too large for --memory, --leading K finds the \
      K largest values σ̂_i, with a bound: σ̂_i ≤ σ_i ≤ √(σ̂_i² + ρ²).
      """)

  @Argument(help: "The checkpoint, A.")
  var a: String

  @Argument(help: "Another, B, to take the differences A − B.")
  var b: String?

  @Option(
    help: """
      Order of rows: file, name; spectral, frobenius (largest first); stable, effective, rank \
      (least first).
      """)
  var sort = SpectrumOrder.file

  @Option(help: "Print only the first so many rows.")
  var top: Int?

  @Option(
    help: """
      Of matrices that take more than the memory granted, find only so many of the largest \
      singular values, by randomized subspace iteration; of those that fit, all are found.
      """)
  var leading: Int?

  @Option(
    parsing: .unconditional, help: "Seed of what --leading draws at random. (default: 0)",
    transform: readSeed)
  var seed: UInt64 = 0

  @OptionGroup var filter: FilterOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard top.map({ $0 > 0 }) ?? true else { throw ValidationError("--top must be at least 1") }
    guard leading.map({ (1...10_000).contains($0) }) ?? true else {
      throw ValidationError("--leading must be between 1 and 10000")
    }
    guard b != nil || !filter.matchTransposed else {
      throw ValidationError("--match-transposed is for two checkpoints")
    }
  }

  private var arguments: [String] { [a] + (b.map { [$0] } ?? []) }

  func run() throws {
    let models = try arguments.map { try ParameterList(openCheckpoint($0, resources.reading)) }
    try output.checkOutput(against: models.map(\.checkpoint))
    let report = try measure(models)
    try show(report)
    try output.write { try result(report, models) }
  }

  private func measure(_ models: [ParameterList]) throws -> SpectrumReport {
    let analysis = try plan(models)
    guard !analysis.items.isEmpty else {
      throw CheckpointError(
        .incomplete, in: arguments[arguments.count - 1],
        b == nil ? "has no matrix that was asked for" : "has no matrix in common with \(a)")
    }
    let spectra = try analysis.run(using: resources.resources(ifNotGiven: .halfOfMachine))
    for model in models { try model.checkpoint.verifyUnchanged() }
    return SpectrumReport(labels: labels(of: arguments), analysis, spectra)
  }

  private func plan(_ models: [ParameterList]) throws -> SpectralAnalysis {
    var decomposition = SpectralAnalysis.Options()
    (decomposition.leading, decomposition.seed) = (leading, seed)
    guard models.count > 1 else {
      return try SpectralAnalysis(
        models[0], options: decomposition, isIncluded: filter.predicate())
    }
    let pairing = try CheckpointPairing(
      base: models[0], other: models[1], options: filter.pairing())
    return SpectralAnalysis(pairing, options: decomposition)
  }

  private func show(_ report: SpectrumReport) throws {
    let table = report.table(order: sort, limit: top)
    try printing.show(
      json: [header(report)] + jsonLines(table, kind: "row")
        + jsonLines(report.coverage.table(includingCompared: false), kind: "coverage"),
      csv: table, text: text(report, table))
    if printing.csv, !printing.quiet { printError(report.summary) }
    if report.notFinite > 0 {
      printing.warn("\(report.notFinite) matrices hold NaN or infinite values")
    }
  }

  private func text(_ report: SpectrumReport, _ table: ReportTable) -> [String] {
    let width = TerminalTable.width
    let details = report.coverage.table(includingCompared: false)
    let notes = [report.errorBound, report.conclusion].compactMap(\.self)
    return [report.summary]
      + (printing.verbose && details.rowCount > 0 ? TerminalTable(details).lines(width: width) : [])
      + [""] + TerminalTable(table).lines(width: width) + (notes.isEmpty ? [] : [""] + notes)
  }

  private func header(_ report: SpectrumReport) -> String {
    jsonHeader("spectrum", [("matrices", jsonString(report.label))])
  }

  private func result(_ report: SpectrumReport, _ models: [ParameterList]) throws -> ResultFile {
    let options =
      filter.recorded(withPaths: output.recordPaths)
      + (leading.map { ["--leading", "\($0)", "--seed", "\(seed)"] } ?? [])
    return try output.resultFile(
      title: b == nil ? "Singular values of matrices" : "Singular values of differences",
      command: output.command("spectrum", arguments, options: options),
      inputs: recordedInputs(arguments, ["a", "b"], models, resources), groups: report.groups())
  }
}

extension SpectrumOrder: ExpressibleByArgument {}
