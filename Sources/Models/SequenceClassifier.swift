import Tensors

/// What kind of model a classifier is, which decides how text becomes its tokens.
///
/// The raw values are those of `model_type` in configurations.
public enum ClassifierFamily: String, CaseIterable, Sendable {
  /// An encoder; byte-level tokens between `<s>` and `</s>`.
  case roberta
  /// An encoder; pieces of words between `[CLS]` and `[SEP]`.
  case bert
  /// A decoder; byte-level tokens alone.
  case gpt2
}

/// A model that tells which of some classes a text belongs to.
public protocol SequenceClassifier: Sendable {
  /// What kind of model it is.
  var family: ClassifierFamily { get }
  /// The names of the classes, in the order of their numbers.
  var labels: [String] { get }
  /// The most tokens that a sequence may have, special ones among them.
  var longestInput: Int { get }
  /// Where the weights come from.
  var path: String { get }
  /// The memory that the weights take.
  var byteCount: Int { get }

  /// The memory that each thread takes besides the model.
  ///
  /// - Parameter positions: the larger of a thousand and the longest sequence.
  /// - Returns: bytes.
  func scratchByteCount(positions: Int) -> Int

  /// What speaks for each class.
  ///
  /// The bits depend on neither threads nor on which sequences are computed together.
  ///
  /// - Parameters:
  ///   - sequences: token ids with the special tokens that the model expects; none is empty.
  ///   - threads: how many work at once, at least 1.
  /// - Returns: for each sequence one logit for each label.
  /// - Throws: ``ModelError`` if a sequence is empty or longer than ``longestInput``, or has a token
  ///   that the vocabulary lacks.
  func logits(of sequences: [[Int32]], threads: Int) throws -> [[Float]]
}

/// Opens a classifier as `transformers` stores it.
///
/// - Parameters:
///   - weights: canonical names, as ``ParameterName`` has them.
///   - settings: those of `config.json`.
///   - precision: how to hold the weights of matrices.
///   - threads: how many read at once, at least 1.
/// - Returns: the model, loaded.
/// - Throws: ``ModelError`` if it is a model of another kind, asks for what is not supported, or a
///   tensor is missing, has another shape, or holds NaN or infinities; what the weights throw where
///   they cannot be read.
public func openSequenceClassifier(
  _ weights: some StateDict, settings: ModelSettings, precision: Precision, threads: Int
) throws -> any SequenceClassifier {
  switch try family(of: settings) {
  case .gpt2:
    return try GPT2Classifier(weights, settings: settings, precision: precision, threads: threads)
  case let family:
    return try EncoderClassifier(
      family, weights, settings: settings, precision: precision, threads: threads)
  }
}

/// Which kind of classifier settings describe: by `model_type`, or else `architectures`.
func family(of settings: ModelSettings) throws -> ClassifierFamily {
  let architectures = settings.names("architectures") ?? []
  let named = ClassifierFamily.allCases.first { architectures.contains($0.className) }
  guard !settings.has("architectures") || named != nil else {
    throw settings.refusal(
      of: "architectures",
      "and only \(ClassifierFamily.allCases.map(\.className).joined(separator: ", ")) can be run")
  }
  let type = try settings.text("model_type")
  guard let family = type.map(ClassifierFamily.init) ?? named, named == nil || named == family
  else {
    throw settings.refusal(of: "model_type", "and only roberta, bert and gpt2 can classify")
  }
  return family
}

extension ClassifierFamily {
  /// The class that `transformers` has for it.
  var className: String {
    switch self {
    case .roberta: "RobertaForSequenceClassification"
    case .bert: "BertForSequenceClassification"
    case .gpt2: "GPT2ForSequenceClassification"
    }
  }
}

extension SequenceClassifier {
  /// Refuses sequences that are empty or too long, or have tokens that the vocabulary lacks.
  func requireTokens(_ sequences: [[Int32]], vocabularySize: Int) throws {
    func refuse(_ index: Int, _ detail: String) -> ModelError {
      ModelError(.unusableTokens, in: path, "sequence \(index) \(detail)")
    }
    for (index, sequence) in sequences.enumerated() {
      guard !sequence.isEmpty else { throw refuse(index, "has no tokens") }
      guard sequence.count <= longestInput else {
        throw refuse(
          index, "has \(sequence.count) tokens, and the model reads \(longestInput) at most")
      }
      let isForeign = { (token: Int32) in token < 0 || Int(token) >= vocabularySize }
      guard let position = sequence.firstIndex(where: isForeign) else { continue }
      throw refuse(
        index,
        "has token \(sequence[position]) at position \(position), but the vocabulary has 0 to "
          + "\(vocabularySize - 1)")
    }
  }
}
