import Checkpoints
import Evaluation
import Generation
import HDF5
import Journals
import Reports

/// Prompts of a sweep that texts are written after, and what scores the texts.
struct Writing {
  private let options: WritingOptions
  private let prompts: TokenizedPrompts
  private let scorers: OpenedScorers
  private let family: OpenedFamily
  private let request: OpenedFamily.Request

  /// What texts take while they are scored, for each token that may be generated: most have fewer
  /// than five bytes, and the rest covers what each text takes besides.
  private static let memoryOfToken = 7 * Double(Score.memoryOfByte)

  /// Opens prompts and scorers; there is no value if nothing is to be written.
  ///
  /// - Parameters:
  ///   - options: which.
  ///   - bos: whether the end-of-text token precedes prompts.
  ///   - family: the models that write.
  ///   - request: what they were opened by.
  ///   - pointCount: at how many points they write.
  /// - Throws: what is wrong with prompts, scorers or memory granted.
  init?(
    _ options: WritingOptions, bos: Bool, _ family: OpenedFamily,
    _ request: OpenedFamily.Request, pointCount: Int
  ) throws {
    guard let read = try options.read() else { return nil }
    (self.options, self.family, self.request) = (options, family, request)
    prompts = try TokenizedPrompts(read, bos: bos, family)
    try options.generation.requireRoom(
      prompts: prompts.tokens.count, points: pointCount, request.resources)
    let tokens = [options.generation.samples, options.generation.maxNew, pointCount].reduce(
      Double(prompts.tokens.count)
    ) { $0 * Double($1) }
    let texts = Int(min(tokens * Writing.memoryOfToken, 1e18))
    // The scorer has a tokenizer and heads of its own.
    var language = request.language
    (language.tokenizer, language.heads) = (nil, nil)
    scorers = try OpenedScorers(
      options.scorers, language, request.resources, before: request.output,
      making: request.command, extra: request.resources.byteCount(of: family.models) + texts)
  }

  /// What prompts were read from.
  var source: Provenance.Input? { prompts.source }

  /// The most tokens that a point writes, with those of its prompts.
  var tokensOfPoint: Double {
    let (count, most) = (options.generation.samples, options.generation.maxNew)
    return prompts.tokens.reduce(0) { $0 + Double($1.count + count * most) }
  }

  /// The memory of scorers.
  var byteCount: Int { scorers.byteCount }

  /// The models that score, as a result records them.
  ///
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  func scorerInputs() throws -> [Provenance.Input] { try scorers.inputs(request.resources) }

  /// What tells texts from those of other runs, besides inputs.
  var facts: [String] { options.shaping + ["\(family.models.combination)"] }

  /// The texts of all points.
  ///
  /// - Parameter journal: keeps finished ones.
  /// - Returns: a sweep that writes them.
  func sweep(_ journal: Journal?) -> GenerationSweep {
    options.generation.sweep(
      after: prompts, in: family, request.resources, journal, extra: scorers.byteCount)
  }

  /// Scores what was written.
  ///
  /// - Parameters:
  ///   - points: with their texts and, of each axis, their place.
  ///   - axes: what the numbers of a place are called.
  ///   - formula: what a model is of its checkpoints.
  /// - Returns: the texts with their scores, point by point.
  /// - Throws: `ModelError` if a scorer cannot read a text.
  func scored(
    _ points: [(place: [Double], model: SweepPoint)], along axes: [String], formula: String
  ) throws -> ScoredSamples {
    let rows = points.enumerated().map { number, point in
      point.model.written.map { prompts.row($0, point: number) }
    }
    let sets = zip(points, rows).map { WritingPlan.set($1, at: $0.place, along: axes) }
    let scorer = scorers.scorer
    return ScoredSamples(
      SamplesResult(
        rows.flatMap { $0 },
        at: points.map { .init(place: $0.place, coefficients: $0.model.coefficients) },
        along: axes, setting(formula)),
      try scorer.scores(of: sets, threads: request.resources.threads),
      quantities: TextQuantity.allCases.filter(scorer.gives),
      notes: options.scorers.notes(scorer), attributes: options.scorers.attributes)
  }

  /// What texts are made from besides their tokens and scores.
  ///
  /// - Parameter formula: what a model is of its checkpoints.
  /// - Returns: the plan.
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  func plan(formula: String) throws -> WritingPlan {
    let facts =
      try scorerInputs().map { "\($0.role) \($0.digest)" }
      + options.scorers.recorded(withPaths: false) + [request.language.precision.rawValue]
    return WritingPlan(
      prompts: prompts.readings, textsOfPrompt: options.generation.samples,
      setting: setting(formula), quantities: TextQuantity.allCases.filter(scorers.scorer.gives),
      wordRule: options.scorers.wordRule, attributes: options.scorers.attributes,
      scorers: ContentDigest(ofBytes: Array(facts.joined(separator: "\n").utf8)).description)
  }

  /// Scores what a point wrote, and keeps the scores, unless they are kept already.
  ///
  /// - Parameters:
  ///   - point: with its texts.
  ///   - plan: of all points.
  ///   - journal: keeps scores.
  /// - Throws: `ModelError` if a scorer cannot read a text; `OutputError` if the journal cannot be
  ///   written.
  func keep(_ point: SweepPoint, _ plan: WritingPlan, in journal: Journal?) throws {
    guard let journal, !plan.isDone(at: point.coefficients, in: journal.rows) else { return }
    let rows = point.written.map { prompts.row($0, point: 0) }
    let sets = [WritingPlan.set(rows)]
    for scores in try scorers.scorer.scores(of: sets, threads: request.resources.threads) {
      try journal.append(plan.key(at: point.coefficients), WritingPlan.json(rows, scores))
    }
  }

  private func setting(_ formula: String) -> SamplesResult.Setting {
    let (combination, sampling) = (family.models.combination, options.generation.sampling)
    return .init(
      rule: sampling.rule(for: combination), seed: sampling.seed, formula: formula,
      checkpoints: family.labels, combination: combination)
  }

  /// Checks that no scorer was changed.
  ///
  /// - Throws: `CheckpointError` if one was.
  func verifyUnchanged() throws { try scorers.verifyUnchanged() }
}
