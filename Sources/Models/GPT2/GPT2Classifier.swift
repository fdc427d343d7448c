import Tensors

/// A GPT-2 with a head that classifies sequences by their last token.
///
///     logits = layerNorm(x)[last] · score
///
/// The last token is the last that is not the padding token, if settings name one; the first, if
/// all are.
///
/// Source: `GPT2ForSequenceClassification` of `transformers`.
public final class GPT2Classifier: SequenceClassifier, @unchecked Sendable {
  /// The model, whose head tells the classes apart.
  public let model: GPT2
  /// The names of the classes, in the order of their numbers.
  public let labels: [String]

  /// Reads a model.
  ///
  /// - Parameters:
  ///   - weights: canonical names, as ``ParameterName`` has them.
  ///   - settings: those of `config.json`.
  ///   - precision: how to hold the weights of matrices; those of the head are binary32.
  ///   - threads: how many read at once, at least 1.
  /// - Throws: ``ModelError`` if settings ask for what is not supported, or a tensor is missing, has
  ///   another shape, or holds NaN or infinities; what the weights throw where they cannot be read.
  public init(
    _ weights: some StateDict, settings: ModelSettings, precision: Precision, threads: Int
  ) throws {
    labels = try ClassLabels(settings, of: weights, head: GPT2Configuration.scoreName).names
    let configuration = try GPT2Configuration(
      of: weights, settings: settings, classCount: labels.count)
    model = GPT2(configuration, precision: precision)
    try model.load(weights, threads: threads)
  }

  /// A decoder.
  public var family: ClassifierFamily { .gpt2 }
  /// Where the weights come from.
  public var path: String { model.path }
  /// The most tokens of a sequence.
  public var longestInput: Int { model.configuration.contextLength }
  /// The memory that the weights take.
  public var byteCount: Int { model.byteCount }

  /// The memory that each thread takes besides the model.
  ///
  /// - Parameter positions: the larger of a thousand and the longest sequence.
  /// - Returns: bytes.
  public func scratchByteCount(positions: Int) -> Int {
    model.scratchByteCount(positions: positions)
  }

  /// What speaks for each class; see ``SequenceClassifier/logits(of:threads:)``.
  ///
  /// - Parameters:
  ///   - sequences: token ids.
  ///   - threads: how many work at once, at least 1.
  /// - Returns: for each sequence one logit for each label.
  /// - Throws: ``ModelError`` if a sequence cannot be read.
  public func logits(of sequences: [[Int32]], threads: Int) throws -> [[Float]] {
    try requireTokens(sequences, vocabularySize: model.configuration.vocabularySize)
    let configuration = model.configuration
    // What comes next is scored, whatever it will be.
    let windows = sequences.map { configuration.window(of: $0, label: 0) }
    try model.requireReadable(windows)
    return try TokenBatch.map(
      windows, threads: threads, positionsAtOnce: 1024,
      workspace: { LayerActivations(configuration, positions: $0) },
      { work, batch in
        self.model.run(batch, in: work)
        return rowsOfProduct(
          work.input.pointer, batch.kept.count, by: self.model.head, bias: nil,
          scratch: work.scratch)
      }
    ).flatMap { $0 }
  }
}
