import ArgumentParser
import Checkpoints
import Evaluation
import Geometry
import JSON
import Models
import Reports
import Tensors
import Tokenization

/// How checkpoints are run as language models.
struct LanguageModelOptions: ParsableArguments {
  @Option(help: "Folder of the tokenizer, if not that of the first checkpoint.")
  var tokenizer: String?

  @Option(help: "Numbers of matrix products: f32, or bf16 with sums in f32.")
  var precision = Precision.float32

  @Option(help: "Heads of attention, where config.json does not tell.")
  var heads: Int?

  func validate() throws {
    guard heads.map({ $0 > 0 }) ?? true else { throw ValidationError("--heads must be positive") }
    guard precision.isSupported else {
      throw ValidationError(
        "this processor has no bf16 products (avx512_bf16); leave --precision out")
    }
  }

  /// The checkpoints as language models of one configuration.
  ///
  /// - Throws: `ModelError` or `CheckpointError` if they are none.
  func models(_ checkpoints: [ParameterList]) throws -> MixedLanguageModel {
    try MixedLanguageModel(checkpoints, precision: precision, headCount: heads)
  }

  /// The checkpoints as language models, and what is combined of them.
  ///
  /// - Parameters:
  ///   - checkpoints: in the order of coefficients.
  ///   - combination: weights, for which they must be of one configuration, or logits.
  ///   - weighting: how weights of tensors follow from coefficients; of no effect on logits.
  ///   - resources: what may be used to find angles, if it is spherical.
  /// - Returns: the models.
  /// - Throws: `ModelError` or `CheckpointError` if they cannot be combined.
  func family(
    _ checkpoints: [ParameterList], _ combination: ModelCombination,
    weighting: PointWeighting = .alike, using resources: ResourceOptions
  ) throws -> any LanguageModelFamily {
    guard case .logits(let filter) = combination else {
      return try MixedLanguageModel(
        checkpoints, precision: precision, headCount: heads, weighting: weighting,
        using: resources.resources)
    }
    return try EnsembledLanguageModel(
      checkpoints, precision: precision, headCount: heads, filter: filter)
  }

  /// The tokenizer that all checkpoints share.
  ///
  /// - Throws: `TokenizationError`, `CheckpointError` or `ModelError` if there is none, or another
  ///   checkpoint has one with other ids, or ids that the model does not have.
  func tokenizer(of models: any LanguageModelFamily) throws -> ByteLevelTokenizer {
    let first = models.checkpoints[0].checkpoint
    let folder = tokenizer ?? first.path
    let found = try TokenizerFolder(folder).tokenizer()
    let size = models.vocabularySize
    guard found.vocabulary.count <= size else {
      throw ModelError(
        .mismatch, in: found.vocabulary.path,
        "has \(found.vocabulary.count) tokens, and the model \(size)")
    }
    guard tokenizer == nil, let mine = try TokenTable(beside: first) else { return found }
    for other in models.checkpoints.dropFirst() {
      guard let theirs = try TokenTable(beside: other.checkpoint) else { continue }
      if let token = theirs.numbers.keys.sorted().first(where: {
        mine.numbers[$0] != theirs.numbers[$0]
      }) {
        let number = mine.numbers[token].map { "\($0)" } ?? "none"
        throw ModelError(
          .mismatch, in: theirs.path,
          "token '\(token)' has number \(theirs.numbers[token] ?? -1), and \(number) in "
            + mine.path
        )
      }
    }
    return found
  }

  /// Files beside the first checkpoint that numbers depend on, as inputs of a result.
  ///
  /// - Parameter checkpoint: the first, as given on the command line.
  /// - Returns: its configuration, if it has one, and the tokenizer's files.
  /// - Throws: `CheckpointError` if one cannot be read.
  func companions(of checkpoint: String) throws -> [Provenance.Input] {
    let place = try tokenizer.map(modelFolder) ?? modelFolder(checkpoint)
    return try companionInputs(
      of: checkpoint, tokenizer: TokenizerFolder(place).files(), from: place)
  }

  /// The options that shape a result, in a fixed order.
  var recorded: [String] {
    (tokenizer.map { ["--tokenizer", recordedPath($0, whole: false)] } ?? [])
      + (precision == .float32 ? [] : ["--precision", precision.rawValue])
      + (heads.map { ["--heads", "\($0)"] } ?? [])
  }
}

extension Precision: ExpressibleByArgument {}
