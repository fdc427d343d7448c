import Models
import Tokenization

/// A classifier of texts: a model, and the tokenizer that it was trained with.
public struct TextClassifier: Sendable {
  /// Gives logits of token ids.
  public let model: any SequenceClassifier
  /// Gives token ids of texts.
  public let tokenizer: ClassifierTokenizer

  /// Joins a model and a tokenizer.
  ///
  /// - Parameters:
  ///   - model: gives logits of token ids.
  ///   - tokenizer: has no ids that the model lacks, and gives at most as many as it reads.
  public init(_ model: any SequenceClassifier, tokenizer: ClassifierTokenizer) {
    precondition(tokenizer.longestInput <= model.longestInput)
    (self.model, self.tokenizer) = (model, tokenizer)
  }

  /// The names of the classes, in the order of their numbers.
  public var labels: [String] { model.labels }

  /// How likely each class is for each text.
  ///
  ///     p[l] = exp(z[l]) / Σ_k exp(z[k])
  ///
  /// in binary64, from logits z in binary32. The bits depend on neither threads nor on which texts
  /// are computed together.
  ///
  /// - Parameters:
  ///   - texts: bytes of UTF-8; a text that is too long loses its last tokens.
  ///   - threads: how many work at once, at least 1.
  /// - Returns: for each text one probability for each label, which add up to 1.
  /// - Throws: `ModelError` if a text has no tokens, as an empty one without special tokens.
  public func probabilities(of texts: [[UInt8]], threads: Int) throws -> [[Double]] {
    try model.logits(of: texts.map(tokenizer.ids), threads: threads).map(TextClassifier.softmax)
  }

  private static func softmax(_ logits: [Float]) -> [Double] {
    let largest = Double(logits.max() ?? 0)
    let powers = logits.map { exponential(Double($0) - largest) }
    let total = powers.reduce(0, +)
    return powers.map { $0 / total }
  }
}
