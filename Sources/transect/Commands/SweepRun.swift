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
    let sharding: ShardOptions
    let printing: PrintOptions
    /// How many points are asked for.
    let pointCount: Int
  }

  /// Labels of the checkpoints.
  let labels: [String]
  /// What a person should know before texts are written; nothing if none are.
  var warnings: [String] { writing == nil ? [] : family.warnings }
  /// Which part of the points this process has; `nil` if it has all and writes the result.
  var shard: Shard? { keeper.shard }
  /// What the result is made from.
  let inputs: [Provenance.Input]
  /// What is combined of the checkpoints.
  let combination: ModelCombination
  /// What is combined, and through which windows texts were scored, as attributes of a result.
  private let attributes: [ResultAttribute]
  private let texts: [SweepPlan.Text]
  /// Inner products of the checkpoints over all parameters that are mixed; `nil` where weights are
  /// not.
  private let gram: GramMatrix?
  private let family: OpenedFamily
  /// Takes losses; none without texts.
  private let sweep: Sweep?
  private let writing: Writing?
  /// Writes texts; none without prompts.
  private let generation: GenerationSweep?
  private let keeper: RunJournal
  private let printing: PrintOptions
  /// When opening began, and ended.
  private let opening: (start: Double, end: Double)

  /// Opens everything, and checks it, before the first point.
  ///
  /// - Throws: what is wrong with checkpoints, texts, tokenizer, output or journal.
  init(_ request: Request) throws {
    let start = StatusLine.now()
    family = try OpenedFamily(request.family)
    let models = family.models
    (labels, combination) = (family.labels, models.combination)
    let (scored, sources) = try request.scoring.read(for: models, family.tokenizer)
    texts = scored.map(SweepPlan.Text.init)
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
    printing = request.printing
    let output = request.family.output
    keeper = try RunJournal(
      output, request.sharding, printing, of: shaping,
      request.scoring.windowing + request.scoring.layout.recorded
        + request.family.language.recorded + (combination == .weights ? [] : ["logits"])
        + (writing?.facts ?? []))
    let journal = keeper.journal
    generation = writing?.sweep(journal)
    sweep =
      scored.isEmpty
      ? nil : Sweep(models, texts: scored, threads: resources.threads, journal: journal)
    opening = (start, StatusLine.now())
  }

  /// What points take, by a probe of the first ones.
  ///
  /// - Parameter coefficients: of all points.
  /// - Returns: the estimate.
  /// - Throws: what ``points(at:then:)`` throws.
  func estimate(at coefficients: [[Double]]) throws -> RunEstimate {
    let some = Array(coefficients.prefix(family.models.pointsAtOnce))
    var seconds = 0.0
    if let sweep {
      seconds +=
        try probedSeconds(ofAll: sweep.tokensOfWindows) {
          try sweep.probe(at: some, windows: $0)
        } / Double(some.count)
    }
    let tokens = Double(sweep?.tokensPerPoint ?? 0) + (writing?.tokensOfPoint ?? 0)
    if let generation {
      seconds += try generation.probedSeconds(at: coefficients[0])
    }
    return family.estimate(
      rowCount: coefficients.count, secondsOfRow: seconds, tokensOfRow: tokens,
      secondsOfStart: opening.end - opening.start, passes: gram == nil ? 1 : 2,
      extra: writing?.byteCount ?? 0)
  }

  /// What a report is made from besides the numbers of points.
  ///
  /// - Parameters:
  ///   - places: where points are.
  ///   - writing: what points write, which reports are given.
  /// - Returns: the plan.
  func plan(_ places: SweepPlan.Places, writing: WritingPlan? = nil) -> SweepPlan {
    SweepPlan(
      places, labels: labels, texts: texts, gram: gram, attributes: attributes, writing: writing)
  }

  /// Finishes the points of this process's part, and writes no result.
  ///
  /// - Parameters:
  ///   - shard: the part.
  ///   - places: where all points are.
  ///   - whole: makes a plan of the run of one of its points.
  /// - Throws: what ``points(at:then:)`` throws; `CheckpointError` if a checkpoint was changed.
  func finish(
    _ shard: Shard, of places: SweepPlan.Places, _ whole: (RunPlan.Content) -> RunPlan
  ) throws {
    let plan = plan(places, writing: try writing?.plan(formula: plan(places).formula))
    let all = plan.coefficients
    let mine = shard.rows(of: all.count).map { all[$0] }
    keeper.tell(mine.count(where: isDone), of: mine.count, in: all.count, printing)
    try keeper.begin(whole(.sweep(plan)))
    _ = try points(at: mine) { point in
      if let scores = plan.writing { try writing?.keep(point, scores, in: keeper.journal) }
    }
    try family.verifyUnchanged()
    try writing?.verifyUnchanged()
  }

  /// Evaluates points, or finds them in the journal.
  ///
  /// - Parameters:
  ///   - coefficients: of each point.
  ///   - then: takes each point that wrote texts, as soon as it has.
  /// - Returns: the points in the same order.
  /// - Throws: what `Sweep` and `GenerationSweep` throw, and `then`.
  func points(
    at coefficients: [[Double]], then: (SweepPoint) throws -> Void = { _ in }
  ) throws -> [SweepPoint] {
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
        let whole = SweepPoint(
          coefficients: point.coefficients, losses: point.losses, written: texts)
        try then(whole)
        return whole
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
  ///   - points: in the order of the plan.
  ///   - plan: where they are.
  /// - Returns: texts and scores, or `nil` if there are no prompts.
  /// - Throws: `ModelError` if a scorer cannot read a text.
  func scored(_ points: [SweepPoint], _ plan: SweepPlan) throws -> ScoredSamples? {
    try writing?.scored(
      zip(plan.coordinates, points).map { ($0, $1) }, along: plan.axes, formula: plan.formula)
  }

  /// Checks that no input has changed, and removes the journal once its rows are in a result.
  ///
  /// - Parameter publish: writes the result.
  /// - Throws: `CheckpointError` if a checkpoint was changed; what `publish` throws.
  func finish(_ publish: () throws -> Void) throws {
    try family.verifyUnchanged()
    try writing?.verifyUnchanged()
    try publish()
    keeper.journal?.remove()
  }
}
