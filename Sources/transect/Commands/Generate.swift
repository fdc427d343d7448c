import ArgumentParser
import HDF5
import JSON
import Reports

/// `transect generate`: lets a checkpoint, or combinations of several, write on after prompts.
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Generate text with a GPT-2, or with combinations of several.",
    discussion: """
      One checkpoint writes as it is; of several the sum that `mix` would write is taken in memory \
      (--alpha, --base with --beta or with --plus and --minus, or --weight; with --where and --slerp), \
      or of their logits (--ensemble). Tokens are drawn from the likeliest ones (--top-p). A text ends with the end of \
      text, with --max-new tokens, or where the context is full.

      --alpha, --beta, --plus and --minus take one number, a list such as 0,0.5,1, or \
      START:STOP:COUNT with both ends; of --plus and --minus all pairs are points. With -o finished \
      texts are kept in FILE.h5.journal until the result is written: the same command goes on where \
      it was stopped.

      A seed gives the same texts for any number of threads and any size of batches. Texts of \
      different points are drawn by the same random numbers.
      """)

  @Argument(help: "The checkpoints: one, or A and B, or as many as there are weights.")
  var checkpoints: [String]

  @OptionGroup var mixing: TensorMixingOptions
  @OptionGroup var prompts: PromptOptions
  @OptionGroup var generation: GenerationOptions
  @OptionGroup var ensemble: EnsembleOptions
  @OptionGroup var language: LanguageModelOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var sharding: ShardOptions

  func validate() throws {
    try mixing.points.check(checkpointCount: checkpoints.count, isForText: true)
    try mixing.check(beside: ensemble)
  }

  func run() throws {
    mixing.points.warnings.forEach(printing.warn)
    let run = try GenerationRun(
      .init(
        family: .init(
          checkpoints: named, combination: ensemble.combination(base: 0),
          weighting: mixing.pointWeighting, language: language, resources: resources,
          output: output, command: command), tensorRules: mixing.recordedRules, prompts: prompts,
        generation: generation, sharding: sharding, printing: printing,
        pointCount: mixing.points.places.count))
    (run.warnings + mixing.idleRules(among: run.mixedNames)).forEach(printing.warn)
    let places = mixing.points.places
    let coefficients = places.map(mixing.points.coefficients(at:))
    // Spherical weights differ from tensor to tensor.
    let points = zip(places, coefficients).map {
      SamplesResult.Point(place: $0, coefficients: mixing.slerp ? [] : $1)
    }
    if sharding.dryRun { return try run.estimate(at: coefficients).show(printing) }
    if let shard = run.shard {
      return try run.finish(shard, at: points, along: mixing.points.axes, setting(run)) {
        whole($0, run)
      }
    }
    let result = SamplesResult(
      try run.rows(at: coefficients), at: points, along: mixing.points.axes, setting(run))
    try run.finish { try output.write { try file(result, run) } }
    try show(result, run)
  }

  /// The base, if any, then the checkpoints named, with their roles.
  private var named: [(argument: String, role: String)] {
    let isPair = checkpoints.count == 2 && mixing.points.weight.isEmpty
    let roles = isPair ? ["a", "b"] : checkpoints.map { _ in "model" }
    return (mixing.points.base.map { [($0, "base")] } ?? [])
      + zip(checkpoints, roles).map { ($0, $1) }
  }

  private func setting(_ run: GenerationRun) -> SamplesResult.Setting {
    .init(
      rule: generation.sampling.rule(for: run.combination), seed: generation.sampling.seed,
      formula: mixing.formula, tensorRules: mixing.recordedRules, checkpoints: run.labels,
      combination: run.combination)
  }

  private func show(_ result: SamplesResult, _ run: GenerationRun) throws {
    let header = [("formula", jsonString(mixing.formula))]
    try printing.show(
      json: [jsonHeader("generate", header + run.combination.jsonMembers(run.labels))]
        + result.jsonLines,
      csv: result.table, text: run.combination.lines(run.labels, ofText: true) + result.lines)
  }

  private func file(_ result: SamplesResult, _ run: GenerationRun) throws -> ResultFile {
    try output.resultFile(
      title: Generate.title, command: command, inputs: run.inputs, groups: result.groups())
  }

  private func whole(_ content: RunPlan.Content, _ run: GenerationRun) -> RunPlan {
    output.plan(title: Generate.title, command: command, inputs: run.inputs, content)
  }

  private static let title = "Generated texts"

  /// What shapes the result file, in a fixed order.
  private var command: String {
    output.command(
      "generate", checkpoints, base: mixing.points.base,
      options: mixing.recorded + ensemble.recorded
        + prompts.recorded(withPaths: output.recordPaths) + generation.recorded
        + language.recorded)
  }
}
