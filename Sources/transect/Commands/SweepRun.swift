import ArgumentParser
import Checkpoints
import Evaluation
import Geometry
import HDF5
import JSON
import Journals
import Models
import Reports

/// Checkpoints and texts of a sweep, opened and checked, and where its finished points are kept.
struct SweepRun {
  /// What a sweep is told by the command line.
  struct Request {
    /// The checkpoints as given, in the order of coefficients, each with its role.
    let checkpoints: [(argument: String, role: String)]
    let language: LanguageModelOptions
    let scoring: ScoringOptions
    let resources: ResourceOptions
    let output: OutputOptions
    /// What the result will record.
    let command: String
  }

  /// Labels of the checkpoints.
  let labels: [String]
  /// Names of the texts.
  let texts: [String]
  /// What the result is made from.
  let inputs: [Provenance.Input]
  /// Through which windows texts were scored, as attributes of a result.
  let windows: [ResultAttribute]
  /// Inner products of the checkpoints over all parameters that are mixed.
  let gram: GramMatrix
  private let language: MixedLanguageModel
  private let sweep: Sweep
  private let journal: Journal?

  /// Opens everything, and checks it, before the first point.
  ///
  /// - Throws: what is wrong with checkpoints, texts, tokenizer, output or journal.
  init(_ request: Request) throws {
    let arguments = request.checkpoints.map(\.argument)
    let models = try openModels(
      arguments, request.resources, before: request.output, making: request.command)
    labels = transect.labels(of: arguments)
    language = try request.language.models(models)
    try request.resources.requireMemory(for: language.model)
    let tokenizer = try request.language.tokenizer(of: language)
    let (scored, sources) = try request.scoring.read(for: language.model, tokenizer)
    texts = scored.map(\.name)
    windows = request.scoring.attributes(for: language.model)
    inputs =
      try recordedInputs(
        arguments, request.checkpoints.map(\.role), models, request.resources)
      + sources + request.language.companions(of: arguments[0])
    gram = try CommonTensors(models).gramMatrices(using: request.resources.resources)
      .reduce(into: GramMatrix(order: models.count)) { $0.merge($1) }
    journal = try SweepRun.journal(request, inputs)
    sweep = Sweep(
      language.weights, model: language.model, texts: scored, threads: request.resources.threads,
      journal: journal)
  }

  /// Evaluates points, or finds them in the journal.
  ///
  /// - Parameter coefficients: of each point.
  /// - Returns: the points in the same order.
  /// - Throws: what `Sweep` throws.
  func points(at coefficients: [[Double]]) throws -> [SweepPoint] {
    let progress = SweepProgress(
      of: coefficients.count { !sweep.isDone($0) }, tokensPerPoint: sweep.tokensPerPoint)
    defer { progress.end() }
    return try coefficients.map { point in
      let isNew = !sweep.isDone(point)
      let found = try sweep.point(at: point)
      if isNew { progress.advance() }
      return found
    }
  }

  /// Checks that no input has changed, and removes the journal once its rows are in a result.
  ///
  /// - Parameter publish: writes the result.
  /// - Throws: `CheckpointError` if a checkpoint was changed; what `publish` throws.
  func finish(_ publish: () throws -> Void) throws {
    for model in language.checkpoints { try model.checkpoint.verifyUnchanged() }
    try publish()
    journal?.remove()
  }

  /// The journal beside the output; what tells its run from others are inputs and options that
  /// change what a point is, not which points are wanted.
  private static func journal(_ request: Request, _ inputs: [Provenance.Input]) throws -> Journal? {
    guard let output = request.output.output else { return nil }
    let facts =
      inputs.map { "\($0.role) \($0.digest)" } + request.scoring.windowing
      + request.scoring.layout.recorded + request.language.recorded
    let run = ContentDigest(ofBytes: Array(facts.joined(separator: "\n").utf8))
    return try Journal(
      in: output + ".journal", run: run.description, discardingOthers: request.output.force)
  }
}
