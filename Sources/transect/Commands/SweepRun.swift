import Evaluation
import Geometry
import HDF5
import Journals
import Reports

/// Checkpoints, texts and prompts of a sweep, opened and checked, and where its finished points are
/// kept.
struct SweepRun {
  /// What a sweep is told by the command line.
  struct Request {
    /// The checkpoints, and what is combined of them.
    let family: OpenedFamily.Request
    let scoring: ScoringOptions
    let writing: WritingOptions
    /// How many points are asked for.
    let pointCount: Int
  }

  /// Labels of the checkpoints.
  let labels: [String]
  /// What a person should know before texts are written; nothing if none are.
  var warnings: [String] { writing == nil ? [] : family.warnings }
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
  /// Takes losses; none without texts.
  private let sweep: Sweep?
  private let writing: Writing?
  /// Writes texts; none without prompts.
  private let generation: GenerationSweep?
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
    writing = try Writing(
      request.writing, bos: request.scoring.bos, family, request.family,
      pointCount: request.pointCount)
    let shaping = try family.inputs(sources + [writing?.source].compactMap { $0 })
    let isKept = request.family.output.output != nil
    inputs = try shaping + (isKept ? writing?.scorerInputs() ?? [] : [])
    let resources = request.family.resources
    gram =
      combination == .weights
      ? try CommonTensors(models.checkpoints).gramMatrices(using: resources.resources)
        .reduce(into: GramMatrix(order: labels.count)) { $0.merge($1) } : nil
    journal = try request.family.output.journal(
      of: shaping.map { "\($0.role) \($0.digest)" } + request.scoring.windowing
        + request.scoring.layout.recorded + request.family.language.recorded
        + (combination == .weights ? [] : ["logits"]) + (writing?.facts ?? []))
    generation = writing?.sweep(journal)
    sweep =
      scored.isEmpty
      ? nil : Sweep(models, texts: scored, threads: resources.threads, journal: journal)
  }

  /// Evaluates points, or finds them in the journal.
  ///
  /// - Parameter coefficients: of each point.
  /// - Returns: the points in the same order.
  /// - Throws: what `Sweep` and `GenerationSweep` throw.
  func points(at coefficients: [[Double]]) throws -> [SweepPoint] {
    let progress = SweepProgress(
      of: coefficients.count { !isDone($0) },
      tokensPerPoint: generation == nil ? sweep?.tokensPerPoint : nil)
    defer { progress.end() }
    guard let generation else {
      return try losses(at: coefficients) { progress.advance(by: $0) }
    }
    // A point's texts follow its losses, while its model is loaded.
    let size = family.models.pointsAtOnce
    return try stride(from: 0, to: coefficients.count, by: size).flatMap { first in
      try losses(at: Array(coefficients[first...].prefix(size))).map { point in
        let isNew = !isDone(point.coefficients)
        let texts = try generation.texts(at: point.coefficients)
        if isNew { progress.advance() }
        return SweepPoint(
          coefficients: point.coefficients, losses: point.losses, written: texts)
      }
    }
  }

  private func losses(
    at coefficients: [[Double]], progress: (Int) -> Void = { _ in }
  ) throws -> [SweepPoint] {
    try sweep?.points(at: coefficients, progress: progress)
      ?? coefficients.map { SweepPoint(coefficients: $0, losses: []) }
  }

  private func isDone(_ coefficients: [Double]) -> Bool {
    (sweep?.isDone(coefficients) ?? true) && (generation?.isDone(coefficients) ?? true)
  }

  /// Scores what points wrote.
  ///
  /// - Parameters:
  ///   - points: with their places.
  ///   - axes: what the numbers of a place are called.
  ///   - formula: what a model is of its checkpoints.
  /// - Returns: texts and scores, or `nil` if there are no prompts.
  /// - Throws: `ModelError` if a scorer cannot read a text.
  func scored(
    _ points: [(place: [Double], model: SweepPoint)], along axes: [String], formula: String
  ) throws -> ScoredSamples? {
    try writing?.scored(points, along: axes, formula: formula)
  }

  /// Checks that no input has changed, and removes the journal once its rows are in a result.
  ///
  /// - Parameter publish: writes the result.
  /// - Throws: `CheckpointError` if a checkpoint was changed; what `publish` throws.
  func finish(_ publish: () throws -> Void) throws {
    try family.verifyUnchanged()
    try writing?.verifyUnchanged()
    try publish()
    journal?.remove()
  }
}
