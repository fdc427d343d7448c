import Evaluation
import Geometry
import HDF5
import Journals
import Reports

/// Checkpoints and texts of a sweep, opened and checked, and where its finished points are kept.
struct SweepRun {
  /// What a sweep is told by the command line.
  struct Request {
    /// The checkpoints, and what is combined of them.
    let family: OpenedFamily.Request
    let scoring: ScoringOptions
  }

  /// Labels of the checkpoints.
  let labels: [String]
  /// Names of the texts.
  let texts: [String]
  /// What the result is made from.
  let inputs: [Provenance.Input]
  /// What is combined of the checkpoints.
  let combination: ModelCombination
  /// What is combined, and through which windows texts were scored, as attributes of a result.
  let attributes: [ResultAttribute]
  /// Inner products of the checkpoints over all parameters that are mixed; `nil` where weights are
  /// not.
  let gram: GramMatrix?
  private let family: OpenedFamily
  private let sweep: Sweep
  private let journal: Journal?

  /// Opens everything, and checks it, before the first point.
  ///
  /// - Throws: what is wrong with checkpoints, texts, tokenizer, output or journal.
  init(_ request: Request) throws {
    family = try OpenedFamily(request.family)
    let models = family.models
    (labels, combination) = (family.labels, models.combination)
    let (scored, sources) = try request.scoring.read(for: models, family.tokenizer)
    texts = scored.map(\.name)
    attributes = combination.attributes(labels) + request.scoring.attributes(for: models)
    inputs = try family.inputs(sources)
    let resources = request.family.resources
    gram =
      combination == .weights
      ? try CommonTensors(models.checkpoints).gramMatrices(using: resources.resources)
        .reduce(into: GramMatrix(order: labels.count)) { $0.merge($1) } : nil
    journal = try request.family.output.journal(
      of: inputs.map { "\($0.role) \($0.digest)" } + request.scoring.windowing
        + request.scoring.layout.recorded + request.family.language.recorded
        + (combination == .weights ? [] : ["logits"]))
    sweep = Sweep(models, texts: scored, threads: resources.threads, journal: journal)
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
    return try sweep.points(at: coefficients) { progress.advance(by: $0) }
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
