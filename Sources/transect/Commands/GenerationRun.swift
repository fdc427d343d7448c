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
  private let journal: Journal?

  /// Opens everything, and checks it, before the first text.
  ///
  /// - Throws: what is wrong with checkpoints, prompts, tokenizer, output or journal.
  init(_ request: Request) throws {
    family = try OpenedFamily(request.family)
    (labels, combination) = (family.labels, family.models.combination)
    prompts = try TokenizedPrompts(request.prompts.read(), bos: request.prompts.bos, family)
    try request.generation.requireRoom(
      prompts: prompts.tokens.count, points: request.pointCount, request.family.resources)
    let output = request.family.output
    inputs = output.output == nil ? [] : try family.inputs(prompts.source.map { [$0] } ?? [])
    journal = try output.journal(
      of: inputs.map { "\($0.role) \($0.digest)" } + request.prompts.recorded(withPaths: false)
        + request.generation.recorded + request.family.language.recorded
        + request.tensorRules + ["\(combination)"])
    sweep = request.generation.sweep(
      after: prompts, in: family, request.family.resources, journal)
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

  /// Checks that no input has changed, and removes the journal once its rows are in a result.
  ///
  /// - Parameter publish: writes the result.
  /// - Throws: `CheckpointError` if a checkpoint was changed; what `publish` throws.
  func finish(_ publish: () throws -> Void) throws {
    try family.verifyUnchanged()
    try publish()
    journal?.remove()
  }
}
