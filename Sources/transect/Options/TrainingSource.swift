import ArgumentParser
import Checkpoints
import Evaluation
import Geometry
import Models
import Reports
import Tensors
import Tokenization
import Training

/// What training begins with: a checkpoint, or a configuration and a tokenizer.
struct TrainingSourceOptions: ParsableArguments {
  @Option(name: .customLong("init"), help: "The checkpoint to begin with: a folder with tokenizer.")
  var initial: String?

  @Option(help: "The config.json of a model to train from scratch, with weights drawn by --seed.")
  var config: String?

  @Option(help: "Folder of the tokenizer, if not that of the checkpoint.")
  var tokenizer: String?

  @Option(help: "Heads of attention, where config.json does not tell.")
  var heads: Int?

  func validate() throws {
    guard (initial == nil) != (config == nil) else {
      throw ValidationError("name either a checkpoint (--init) or a configuration (--config)")
    }
    guard config == nil || tokenizer != nil else {
      throw ValidationError("--config needs --tokenizer")
    }
  }

  /// Opens what training begins with.
  ///
  /// - Parameters:
  ///   - labels: the names of classes to tell apart, if that is to be learned.
  ///   - resources: how to read.
  /// - Returns: the model and what comes with it.
  /// - Throws: `ModelError`, `CheckpointError` or `TokenizationError` if it is no model that can be
  ///   trained; `ValidationError` if labels are not those of a classifier.
  func open(labels: [String]?, _ resources: ResourceOptions) throws -> TrainingSource {
    if let initial { return try checkpoint(initial, labels, resources) }
    guard let config else { throw ValidationError("--config or --init is missing") }
    return try scratch(config, labels)
  }

  private func checkpoint(
    _ argument: String, _ labels: [String]?, _ resources: ResourceOptions
  ) throws -> TrainingSource {
    let list = try ParameterList(openCheckpoint(argument, resources.reading))
    let found = try ModelConfiguration(beside: list.checkpoint)
    let settings = ModelSettings(
      path: found?.path ?? list.checkpoint.path, values: found?.settings ?? [:])
    let place = try modelFolder(tokenizer ?? argument)
    let files = companionFiles(of: list.checkpoint)
    let weights = try MixedStateDict(list)
    let classifier = try classifier(of: weights, settings, labels, in: place)
    let isNew = classifier != nil && !settings.areOfClassifier
    return TrainingSource(
      checkpoint: list, settings: classifier?.settings ?? settings,
      model: try classifier?.classifier.model
        ?? languageModel(weights, found == nil ? nil : settings),
      classifier: classifier?.classifier, drawsHead: isNew,
      configurationText: isNew ? classifier.map { Array($0.settings.json.utf8) } : nil,
      companions: isNew ? files.filter { baseName($0) != "config.json" } : files,
      tokenizerFolder: place,
      inputs: try recordedInputs([argument], ["base"], [list], resources)
        + companionInputs(
          of: argument, tokenizer: try tokenizerContent(of: classifier?.classifier, in: place),
          from: place))
  }

  private func languageModel(
    _ weights: MixedStateDict, _ settings: ModelSettings?
  ) throws -> any TrainableModel {
    try GPT2Configuration(of: weights, settings: settings, headCount: heads)
  }

  /// The classifier that the settings describe or that is to be made, if it is to be one.
  private func classifier(
    of weights: MixedStateDict?, _ settings: ModelSettings, _ labels: [String]?, in place: String
  ) throws -> (classifier: TrainableClassifier, settings: ModelSettings)? {
    guard labels != nil || settings.areOfClassifier else { return nil }
    guard heads == nil else { throw ValidationError("a classifier has its heads in config.json") }
    let made =
      settings.areOfClassifier
      ? settings
      : try settings.classifying(
        labels ?? [],
        paddingToken: (try? TokenizerFolder(place).tokenizer())?.endOfText.map(Int.init))
    let classifier = try TrainableClassifier(weights, settings: made)
    guard labels.map({ $0 == classifier.labels }) ?? true else {
      throw ValidationError(
        "the classes of \(settings.path) are \(classifier.labels.joined(separator: ",")); leave out "
          + "--labels")
    }
    return (classifier, made)
  }

  private func scratch(_ config: String, _ labels: [String]?) throws -> TrainingSource {
    let bytes = try InputFile(config, mode: .pread).content(limit: 1 << 22)
    let found = try ModelConfiguration(parsing: bytes, path: config)
    let settings = ModelSettings(path: config, values: found.settings)
    let place = try modelFolder(tokenizer ?? ".")
    let classifier = try classifier(of: nil, settings, labels, in: place)
    return TrainingSource(
      checkpoint: nil, settings: classifier?.settings ?? settings,
      model: try classifier?.classifier.model ?? (try GPT2Configuration(settings: settings)),
      classifier: classifier?.classifier, drawsHead: false,
      configurationText: classifier.map { Array($0.settings.json.utf8) } ?? bytes,
      companions: tokenizerFiles(in: place), tokenizerFolder: place,
      inputs: [
        .init(label: baseName(config), role: "configuration", path: config, bytes: bytes)
      ] + (try tokenizerInputs(of: classifier?.classifier, place)))
  }

  private func tokenizerInputs(
    of classifier: TrainableClassifier?, _ place: String
  ) throws -> [Provenance.Input] {
    try tokenizerContent(of: classifier, in: place).map {
      .init(
        label: baseName($0.path), role: "tokenizer", path: $0.path, folder: place,
        bytes: $0.bytes)
    }
  }

  /// The files that ids depend on.
  private func tokenizerContent(
    of classifier: TrainableClassifier?, in place: String
  ) throws -> [(bytes: [UInt8], path: String)] {
    let folder = try TokenizerFolder(place)
    return try classifier.map { try folder.files(of: $0.family) } ?? folder.files()
  }

  /// The options that shape a run, in a fixed order.
  func recorded(withPaths: Bool) -> [String] {
    let paths = [("--init", initial), ("--config", config), ("--tokenizer", tokenizer)]
    return paths.flatMap { name, path in
      path.map { [name, recordedPath($0, whole: withPaths)] } ?? []
    } + (heads.map { ["--heads", "\($0)"] } ?? [])
  }
}

/// What training begins with, opened.
struct TrainingSource {
  /// The checkpoint, unless training is from scratch.
  let checkpoint: ParameterList?
  /// What `config.json` says.
  let settings: ModelSettings
  /// What is trained.
  let model: any TrainableModel
  /// The same, if it tells classes apart.
  let classifier: TrainableClassifier?
  /// Whether the checkpoint is a language model, or an encoder, of which a classifier is made.
  let drawsHead: Bool
  /// The content of `config.json`, where it is not among the companions.
  let configurationText: [UInt8]?
  /// Files to carry along.
  let companions: [String]
  /// Where the tokenizer is.
  let tokenizerFolder: String
  /// What a result is made from.
  let inputs: [Provenance.Input]

  /// The weights to begin with.
  ///
  /// - Throws: `ModelError` or `CheckpointError` if they cannot be read.
  func parameters(seed: UInt64, threads: Int) throws -> ModelParameters {
    let parameters = ModelParameters(model, path: checkpoint?.checkpoint.path ?? settings.path)
    guard let checkpoint else {
      parameters.initialize(for: model, seed: seed, threads: threads)
      return parameters
    }
    let weights = try MixedStateDict(checkpoint)
    let drawn = drawsHead ? model.classHead.filter { weights.shape(of: $0) == nil } : []
    parameters.initialize(for: model, only: drawn, seed: seed, threads: threads)
    for tensor in parameters.tensors where !drawn.contains(tensor.name) {
      try parameters.read(tensor, from: weights)
    }
    return parameters
  }

  /// The tokenizer, whose ids the model has.
  ///
  /// - Throws: `TokenizationError`, `CheckpointError` or `ModelError` if there is none.
  func tokenizer() throws -> ByteLevelTokenizer {
    let found = try TokenizerFolder(tokenizerFolder).tokenizer()
    try requireTokens(found.vocabulary.count, of: found.vocabulary.path)
    return found
  }

  /// The tokenizer of a classifier, whose ids the model has.
  ///
  /// - Throws: `TokenizationError`, `CheckpointError` or `ModelError` if there is none.
  func classifierTokenizer(
    _ family: ClassifierFamily, longestInput: Int
  ) throws -> ClassifierTokenizer {
    let found = try TokenizerFolder(tokenizerFolder).classifierTokenizer(
      of: family, longestInput: longestInput)
    try requireTokens(found.tokenCount, of: found.path)
    return found
  }

  private func requireTokens(_ count: Int, of path: String) throws {
    guard count > model.vocabularySize else { return }
    throw ModelError(
      .mismatch, in: path, "has \(count) tokens, and the model \(model.vocabularySize)")
  }

  /// The name to store a tensor under: that of the checkpoint, if that is a model of the same kind, or
  /// the one that it has in `transformers`.
  func storedName(_ canonical: TensorName) -> TensorName {
    if !drawsHead, let name = checkpoint?[canonical]?.record.name { return name }
    return model.hubName(of: canonical)
  }
}
