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
  /// - Throws: `ModelError`, `CheckpointError` or `TokenizationError` if it is no GPT-2.
  func open(_ resources: ResourceOptions) throws -> TrainingSource {
    if let initial { return try checkpoint(initial, resources) }
    guard let config else { throw ValidationError("--config or --init is missing") }
    return try scratch(config)
  }

  private func checkpoint(
    _ argument: String, _ resources: ResourceOptions
  ) throws -> TrainingSource {
    let list = try ParameterList(openCheckpoint(argument, mode: resources.io))
    let found = try ModelConfiguration(beside: list.checkpoint)
    let settings = ModelSettings(
      path: found?.path ?? list.checkpoint.path, values: found?.settings ?? [:])
    let place = try modelFolder(tokenizer ?? argument)
    return TrainingSource(
      checkpoint: list, settings: settings,
      configuration: try GPT2Configuration(
        of: MixedStateDict(list), settings: found == nil ? nil : settings, headCount: heads),
      configurationText: nil,
      companions: companionFiles(of: list.checkpoint), tokenizerFolder: place,
      inputs: try recordedInputs([argument], ["base"], [list], resources)
        + companionInputs(
          of: argument, tokenizer: try TokenizerFolder(place).files(), from: place))
  }

  private func scratch(_ config: String) throws -> TrainingSource {
    let bytes = try InputFile(config, mode: .pread).content(limit: 1 << 22)
    let found = try ModelConfiguration(parsing: bytes, path: config)
    let settings = ModelSettings(path: config, values: found.settings)
    let place = try modelFolder(tokenizer ?? ".")
    return TrainingSource(
      checkpoint: nil, settings: settings, configuration: try GPT2Configuration(settings: settings),
      configurationText: bytes, companions: tokenizerFiles(in: place), tokenizerFolder: place,
      inputs: [
        .init(label: baseName(config), role: "configuration", path: config, bytes: bytes)
      ] + (try tokenizerInputs(place)))
  }

  private func tokenizerInputs(_ place: String) throws -> [Provenance.Input] {
    try TokenizerFolder(place).files().map {
      .init(
        label: baseName($0.path), role: "tokenizer", path: $0.path, folder: place,
        bytes: $0.bytes)
    }
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
  /// What the model is like.
  let configuration: GPT2Configuration
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
  func parameters(seed: UInt64, threads: Int) throws -> GPT2Parameters {
    guard let checkpoint else {
      let parameters = GPT2Parameters(configuration, path: settings.path)
      parameters.initialize(seed: seed, threads: threads)
      return parameters
    }
    return try GPT2Parameters(configuration, reading: MixedStateDict(checkpoint))
  }

  /// The tokenizer, whose ids the model has.
  ///
  /// - Throws: `TokenizationError`, `CheckpointError` or `ModelError` if there is none.
  func tokenizer() throws -> ByteLevelTokenizer {
    let found = try TokenizerFolder(tokenizerFolder).tokenizer()
    guard found.vocabulary.count <= configuration.vocabularySize else {
      throw ModelError(
        .mismatch, in: found.vocabulary.path,
        "has \(found.vocabulary.count) tokens, and the model \(configuration.vocabularySize)")
    }
    return found
  }

  /// The name to store a tensor under: that of the checkpoint, or the one that GPT-2 with an output head
  /// has in `transformers`.
  func storedName(_ canonical: TensorName) -> TensorName {
    if let name = checkpoint?[canonical]?.record.name { return name }
    return canonical == "lm_head.weight" ? canonical : TensorName("transformer.\(canonical.text)")
  }
}
