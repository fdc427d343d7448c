import Checkpoints
import Evaluation
import Generation
import HDF5
import Journals
import Reports
import Tensors

/// Checkpoints and prompts of a generation, opened and checked, and where finished texts are kept.
struct GenerationRun {
  /// What a generation is told by the command line.
  struct Request {
    /// The checkpoints, and what is combined of them.
    let family: OpenedFamily.Request
    /// Options that weigh some tensors in another way than others.
    let tensorRules: [String]
    let prompts: PromptOptions
    let generation: GenerationOptions
    let sharding: ShardOptions
    let printing: PrintOptions
    /// How many points are asked for.
    let pointCount: Int
  }

  /// Labels of the checkpoints.
  let labels: [String]
  /// What is combined of the checkpoints.
  let combination: ModelCombination
  /// What a person should know before texts are written.
  var warnings: [String] { family.warnings }
  /// Canonical names of the tensors that are mixed; none if logits are summed.
  var mixedNames: [TensorName] { family.mixedNames }
  /// What the result is made from; none if there is no result file.
  let inputs: [Provenance.Input]
  private let family: OpenedFamily
  private let prompts: TokenizedPrompts
  private let sweep: GenerationSweep
  private let keeper: RunJournal
  private let printing: PrintOptions
  private let textsOfPrompt: Int
  /// The most tokens that a point writes, with those of its prompts.
  private let tokensOfPoint: Double
  private let secondsOfStart: Double
  /// Which part of the texts this process has; `nil` if it has all and writes the result.
  var shard: Shard? { keeper.shard }

  /// Opens everything, and checks it, before the first text.
  ///
  /// - Throws: what is wrong with checkpoints, prompts, tokenizer, output or journal.
  init(_ request: Request) throws {
    let start = StatusLine.now()
    family = try OpenedFamily(request.family)
    (labels, combination) = (family.labels, family.models.combination)
    prompts = try TokenizedPrompts(request.prompts.read(), bos: request.prompts.bos, family)
    try request.generation.requireRoom(
      prompts: prompts.tokens.count, points: request.pointCount, request.family.resources)
    let output = request.family.output
    inputs = output.output == nil ? [] : try family.inputs(prompts.source.map { [$0] } ?? [])
    (printing, textsOfPrompt) = (request.printing, request.generation.samples)
    let options = request.prompts.recorded(withPaths: false) + request.generation.recorded
    keeper = try RunJournal(
      output, request.sharding, printing, of: inputs,
      options + request.family.language.recorded + request.tensorRules + ["\(combination)"])
    sweep = request.generation.sweep(
      after: prompts, in: family, request.family.resources, keeper.journal)
    tokensOfPoint = prompts.tokens.reduce(0) {
      $0 + Double($1.count + request.generation.samples * request.generation.maxNew)
    }
    secondsOfStart = StatusLine.now() - start
  }

  /// What texts take, by a probe of the first ones.
  ///
  /// - Parameter points: coefficients of each.
  /// - Returns: the estimate, of rows of texts.
  /// - Throws: what `GenerationSweep` throws.
  func estimate(at points: [[Double]]) throws -> RunEstimate {
    let blocks = Double(sweep.blocks.count)
    return family.estimate(
      rowCount: points.count * sweep.blocks.count,
      secondsOfRow: try sweep.probedSeconds(at: points[0]) / blocks,
      tokensOfRow: tokensOfPoint / blocks, secondsOfStart: secondsOfStart, passes: 1, extra: 0)
  }

  /// Writes texts at points, or finds them in the journal.
  ///
  /// - Parameter coefficients: of each point.
  /// - Returns: texts, point by point, prompt by prompt.
  /// - Throws: what `GenerationSweep` throws.
  func rows(at coefficients: [[Double]]) throws -> [SamplesResult.Row] {
    let progress = SweepProgress(of: coefficients.count { !sweep.isDone($0) })
    defer { progress.end() }
    return try coefficients.enumerated().flatMap { index, point in
      let isNew = !sweep.isDone(point)
      let texts = try sweep.texts(at: point)
      if isNew { progress.advance() }
      return texts.map { prompts.row($0, point: index) }
    }
  }

  /// Finishes the texts of this process's part, and writes no result.
  ///
  /// - Parameters:
  ///   - shard: the part.
  ///   - points: where models are.
  ///   - axes: what the numbers of a place are called.
  ///   - setting: what all texts have in common.
  ///   - whole: makes a plan of the run of that of its texts.
  /// - Throws: what `GenerationSweep` throws; `CheckpointError` if a checkpoint was changed.
  func finish(
    _ shard: Shard, at points: [SamplesResult.Point], along axes: [String],
    _ setting: SamplesResult.Setting, _ whole: (RunPlan.Content) -> RunPlan
  ) throws {
    guard let journal = keeper.journal else { return }
    let plan = TextsPlan(
      prompts: prompts.readings, textsOfPrompt: textsOfPrompt, points: points, axes: axes,
      setting: setting)
    let parts = plan.parts
    let mine = shard.rows(ofWork: parts.map(\.block.samples.count)).map { parts[$0] }
    let missing = mine.filter { !plan.isDone($0, in: journal.rows) }
    keeper.tell(mine.count - missing.count, of: mine.count, in: parts.count, printing)
    try keeper.begin(whole(.texts(plan)))
    let byPoint = Dictionary(grouping: missing, by: \.point).sorted { $0.key < $1.key }
    let progress = SweepProgress(of: byPoint.count)
    defer { progress.end() }
    for (_, parts) in byPoint {
      try keep(parts, of: plan, in: journal)
      progress.advance()
    }
    try family.verifyUnchanged()
  }

  /// Writes texts of one point, and keeps how they read.
  private func keep(_ parts: [TextsPlan.Part], of plan: TextsPlan, in journal: Journal) throws {
    let coefficients = plan.coefficients(of: parts[0])
    let texts = try sweep.texts(in: parts.map(\.block), at: coefficients)
    for (part, texts) in zip(parts, texts) {
      let rows = texts.map { prompts.row($0, point: part.point) }
      try journal.append(plan.key(of: part), TextsPlan.json(rows))
    }
  }

  /// Checks that no input has changed, and removes the journal once its rows are in a result.
  ///
  /// - Parameter publish: writes the result.
  /// - Throws: `CheckpointError` if a checkpoint was changed; what `publish` throws.
  func finish(_ publish: () throws -> Void) throws {
    try family.verifyUnchanged()
    try publish()
    keeper.journal?.remove()
  }
}
