import Checkpoints
import Evaluation
import Geometry
import Models
import Reports
import Tokenization

/// A classifier of texts from a folder as model hubs lay it out.
struct OpenedClassifier {
  /// Gives probabilities of labels.
  let classifier: TextClassifier
  /// Where its weights come from.
  let checkpoint: ParameterList
  private let argument: String

  /// Opens the model, its configuration and its tokenizer.
  ///
  /// - Parameters:
  ///   - argument: a folder, a file in it, or a model id in the local Hugging Face cache.
  ///   - resources: how to read, and with how many threads.
  ///   - precision: how to hold the weights of matrices.
  /// - Throws: `CheckpointError`, `ModelError` or `TokenizationError` if it is no classifier that can
  ///   be run.
  init(
    _ argument: String, _ resources: ResourceOptions, precision: Precision = .float32
  ) throws {
    let checkpoint = try ParameterList(openCheckpoint(argument, resources.boundedReading))
    guard let settings = try ModelConfiguration(beside: checkpoint.checkpoint) else {
      throw ModelError(
        .unknown, in: checkpoint.checkpoint.path,
        "no config.json lies beside it, and a classifier needs one")
    }
    let model = try openSequenceClassifier(
      MixedStateDict(checkpoint),
      settings: ModelSettings(path: settings.path, values: settings.settings),
      precision: precision, threads: resources.threads)
    let tokenizer = try TokenizerFolder(argument).classifierTokenizer(
      of: model.family, longestInput: model.longestInput)
    classifier = TextClassifier(model, tokenizer: tokenizer)
    (self.checkpoint, self.argument) = (checkpoint, argument)
  }

  /// The classifier as a result records it: its weights, its configuration and its tokenizer.
  ///
  /// - Parameters:
  ///   - role: what it was used as, such as `classifier`.
  ///   - resources: threads for the digest.
  /// - Returns: the inputs, the checkpoint first.
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  /// - Complexity: reads every parameter once.
  func inputs(role: String, _ resources: ResourceOptions) throws -> [Provenance.Input] {
    let folder = try modelFolder(argument)
    return try recordedInputs([argument], [role], [checkpoint], resources)
      + companionInputs(
        of: argument, tokenizer: TokenizerFolder(folder).files(of: classifier.model.family),
        from: folder)
  }
}
