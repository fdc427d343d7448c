import ArgumentParser
import Checkpoints
import Geometry
import JSON
import Reports
import Tensors

/// `transect mix`: writes a weighted sum of checkpoints.
struct Mix: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a checkpoint on the line, the plane or the simplex through others.",
    discussion: """
      Writes the sum of coefficient times checkpoint as safetensors (arXiv 2211.12092, equations \
      1 to 4). A is the minus model, B the plus model. Products and sums are taken in double \
      precision in the order of the checkpoints and rounded once, so the bytes are those of a \
      computation in float64.

      Names, types and companion files are those of the first checkpoint (of --base, if given). \
      Buffers, and tensors that another checkpoint lacks, are copied from it; tensors that only \
      others have are left out; a difference in shape is an error. How it was made is recorded in \
      the file.
      """)

  @Argument(help: "The checkpoints: A and B, or as many as there are weights.")
  var checkpoints: [String]

  @Option(help: "Type of the result's parameters: F32, BF16 or F16; else the first checkpoint's.")
  var dtype: DType?

  @Option(help: "Write several files of at most so many bytes of tensors, as 2GB, with an index.")
  var shardSize: MemorySize?

  @OptionGroup var mixing: TensorMixingOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: CheckpointOutputOptions

  func validate() throws {
    try mixing.points.check(checkpointCount: checkpoints.count)
    guard dtype.map({ [.float32, .bfloat16, .float16].contains($0) }) ?? true else {
      throw ValidationError("--dtype must be F32, BF16 or F16")
    }
    guard shardSize == nil || !output.isFile else {
      throw ValidationError("--shard-size needs a folder as output")
    }
    guard shardSize.map({ $0.byteCount > 0 }) ?? true else {
      throw ValidationError("--shard-size must be at least 1 byte")
    }
  }

  func run() throws {
    let models = try inputs.map { try ParameterList(openCheckpoint($0, resources.reading)) }
    try output.check(against: models.map(\.checkpoint))
    let mix = try CheckpointMix(
      models, dtype: dtype, using: resources.resources, weighting: mixing.weighting(of:))
    let tallies = try write(mix)
    let mixedNames = mix.tensors.filter { $0.treatment == .mixed }.map(\.name.canonical)
    try show(MixReport(mix, tallies: tallies, labels: labels(of: inputs)), mixedNames)
  }

  /// The base, if any, then the checkpoints named.
  private var inputs: [String] { (mixing.points.base.map { [$0] } ?? []) + checkpoints }

  private func write(_ mix: CheckpointMix) throws -> [CombinationTally] {
    var tallies: [CombinationTally] = []
    try output.write(carryingFilesOf: mix.models[0].checkpoint) { path in
      let unknown = Array(repeating: MixRecipe.unknownDigest, count: mix.models.count)
      let writer = try ShardedSafetensorsWriter(
        path, entries: mix.entries, limit: shardSize?.byteCount,
        metadata: metadata(mix, digests: unknown))
      let outcome = try mix.combine(using: resources.resources) { bytes, tensor, first in
        try writer.write(bytes, of: tensor, from: first)
      }
      for model in mix.models { try model.checkpoint.verifyUnchanged() }
      let digests = outcome.digests.map(\.model.description)
      try writer.replaceMetadata(metadata(mix, digests: digests))
      try writer.commit()
      tallies = outcome.tallies
    }
    return tallies
  }

  private func metadata(
    _ mix: CheckpointMix, digests: [String]
  ) -> [(key: String, value: String)] {
    let recipe = MixRecipe(command: command, mixing: mixing, inputs: inputs, digests: digests)
    // Libraries that load the file want to know which of them wrote it.
    return [("transect", recipe.text)] + mix.models[0].checkpoint.metadata + [("format", "pt")]
  }

  /// What shapes the result, in a fixed order; of paths only the last components.
  private var command: String {
    (["transect", "mix"] + checkpoints.map(baseName)
      + (mixing.points.base.map { ["--base", baseName($0)] } ?? []) + mixing.recorded
      + (dtype.map { ["--dtype", $0.rawValue] } ?? [])).joined(separator: " ")
  }

  private func show(_ report: MixReport, _ mixedNames: [TensorName]) throws {
    mixing.points.warnings.forEach(printing.warn)
    mixing.idleRules(among: mixedNames).forEach(printing.warn)
    report.warnings.forEach(printing.warn)
    try printing.show(
      json: [header] + jsonLines(report.tensors, kind: "tensor"), csv: report.tensors,
      text: text(report))
  }

  private func text(_ report: MixReport) -> [String] {
    let (width, swallowed) = (TerminalTable.width, report.swallowed)
    return [mixing.formula, ""] + TerminalTable(report.summary).lines(width: width)
      + (swallowed.rowCount == 0 ? [] : [""] + TerminalTable(swallowed).lines(width: width))
      + ["", "written: \((output.isFile ? output.file : output.output).escapedForTerminal)"]
  }

  private var header: String {
    jsonHeader(
      "mix",
      [
        ("formula", jsonString(mixing.formula)),
        ("checkpoints", "[" + labels(of: inputs).map(jsonString).joined(separator: ",") + "]"),
      ])
  }
}

extension DType: ExpressibleByArgument {
  /// Reads a type's name, in any case.
  public init?(argument: String) { self.init(rawValue: argument.uppercased()) }

  /// Those that a mix can be written in, which is where a type is an argument.
  public static var allValueStrings: [String] { ["F32", "BF16", "F16"] }
}
