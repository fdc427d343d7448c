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
  throw settings.refusal(of: "architectures", "and no classifier can be run yet")
}
