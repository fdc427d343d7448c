import Evaluation
import Geometry
import Reports
import Tensors
import Tokenization

/// Checkpoints of a run as language models, opened and checked.
struct OpenedFamily {
  /// What the command line tells of them.
  struct Request {
    /// The checkpoints as given, in the order of coefficients, each with its role.
    let checkpoints: [(argument: String, role: String)]
    let combination: ModelCombination
    /// How weights of tensors follow from the coefficients of a point.
    var weighting = PointWeighting.alike
    let language: LanguageModelOptions
    let resources: ResourceOptions
    let output: OutputOptions
    /// What the result will record.
    let command: String
  }

  /// Labels of the checkpoints.
  let labels: [String]
  /// The models.
  let models: any LanguageModelFamily
  /// What all of them share.
  let tokenizer: ByteLevelTokenizer
  /// Tokens that end generated text by the first checkpoint's `config.json`.
  let endMarks: [Int32]
  private let request: Request

  /// Opens checkpoints, before any work is done.
  ///
  /// - Parameter request: what to open.
  /// - Throws: what is wrong with checkpoints, tokenizer, output or memory granted.
  init(_ request: Request) throws {
    let arguments = request.checkpoints.map(\.argument)
    let checkpoints = try openModels(
      arguments, request.resources, before: request.output, making: request.command)
    models = try request.language.family(
      checkpoints, request.combination, weighting: request.weighting, using: request.resources)
    try request.resources.requireMemory(for: models)
    tokenizer = try request.language.tokenizer(of: models)
    endMarks = try TokenizerFolder(arguments[0]).modelEndMarks()
    labels = transect.labels(of: arguments)
    self.request = request
  }

  /// What a person should know before text is generated.
  var warnings: [String] { unlikeEnds + namelessTokens }

  /// Canonical names of the tensors that are mixed; none if logits are summed.
  var mixedNames: [TensorName] { (models as? MixedLanguageModel)?.weights.names ?? [] }

  private var unlikeEnds: [String] {
    let others = endMarks.filter { $0 != tokenizer.endOfText && $0 < models.vocabularySize }
    guard let mine = tokenizer.endOfText, !others.isEmpty else { return [] }
    let list = others.map { "\($0)" }.joined(separator: ", ")
    return [
      "the tokenizer ends texts with token \(mine), eos_token_id of \(labels[0]) names \(list): a text "
        + "ends with any of them"
    ]
  }

  private var namelessTokens: [String] {
    let (count, size) = (tokenizer.vocabulary.count, models.vocabularySize)
    guard count < size else { return [] }
    return [
      "the tokenizer has \(count) tokens and the model \(size): those without a text are written as "
        + "<\(count)> and so on"
    ]
  }

  /// What a result is made from.
  ///
  /// - Parameter sources: texts or prompts.
  /// - Returns: checkpoints, sources, files beside the first checkpoint, and where each checkpoint is
  ///   run by itself, the others' configurations.
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  /// - Complexity: reads every parameter once.
  func inputs(_ sources: [Provenance.Input]) throws -> [Provenance.Input] {
    let arguments = request.checkpoints.map(\.argument)
    let others = arguments.indices.dropFirst(models.combination == .weights ? arguments.count : 1)
    return try recordedInputs(
      arguments, request.checkpoints.map(\.role), models.checkpoints, request.resources)
      + sources + request.language.companions(of: arguments[0])
      + others.flatMap { try configurationInputs(of: arguments[$0], label: labels[$0]) }
  }

  /// What a run of these models takes.
  ///
  /// - Parameters:
  ///   - rowCount: rows of the run.
  ///   - secondsOfRow: by a probe.
  ///   - tokensOfRow: that each takes through the models.
  ///   - secondsOfStart: that opening took.
  ///   - passes: how often a start reads the checkpoints.
  ///   - extra: bytes of memory besides models.
  /// - Returns: the estimate.
  func estimate(
    rowCount: Int, secondsOfRow: Double, tokensOfRow: Double, secondsOfStart: Double, passes: Int,
    extra: Int
  ) -> RunEstimate {
    let bytes = models.checkpoints.reduce(0) { $0 + $1.checkpoint.byteCount }
    let isMixed = models.combination == .weights
    let weights = models.checkpoints.prefix(isMixed ? 1 : models.checkpoints.count)
      .reduce(0) { $0 + $1.elementCount }
    return RunEstimate(
      rowCount: rowCount, secondsOfRow: secondsOfRow, secondsOfStart: secondsOfStart,
      bytesOfStart: bytes * passes, bytesOfRow: isMixed ? bytes : 0,
      operationsOfRow: 2 * tokensOfRow * Double(weights),
      memory: request.resources.byteCount(of: models) + extra,
      threads: request.resources.threads)
  }

  /// Checks that no checkpoint has changed.
  ///
  /// - Throws: `CheckpointError` if one was.
  func verifyUnchanged() throws {
    for model in models.checkpoints { try model.checkpoint.verifyUnchanged() }
  }
}
