import Glibc
import Tensors
import Threads

/// RoBERTa or BERT with a head that classifies sequences by their first token.
///
///     logits = tanh(x₀ · dense) · output
///
/// x₀ is what the encoder gives for the first token. RoBERTa calls the matrices
/// `classifier.dense` and `classifier.out_proj`, BERT `pooler.dense` and `classifier`.
///
/// Source: Devlin et al. 2019, section 4.1; `RobertaForSequenceClassification` and
/// `BertForSequenceClassification` of `transformers`.
public final class EncoderClassifier: SequenceClassifier, @unchecked Sendable {
  /// What the encoder is like.
  public let configuration: EncoderConfiguration
  /// The names of the classes, in the order of their numbers.
  public let labels: [String]
  /// Where the weights come from.
  public let path: String

  private let encoder: TransformerEncoder
  private let dense: Linear
  private let output: Linear

  /// Reads a model.
  ///
  /// - Parameters:
  ///   - family: RoBERTa or BERT.
  ///   - weights: canonical names, as ``ParameterName`` has them.
  ///   - settings: those of `config.json`.
  ///   - precision: how to hold the weights of matrices; those of the head are binary32.
  ///   - threads: how many read at once, at least 1.
  /// - Throws: ``ModelError`` if settings ask for what is not supported, or a tensor is missing, has
  ///   another shape, or holds NaN or infinities; what the weights throw where they cannot be read.
  public init(
    _ family: ClassifierFamily, _ weights: some StateDict, settings: ModelSettings,
    precision: Precision, threads: Int
  ) throws {
    let names = EncoderClassifier.headNames(family)
    labels = try ClassLabels(settings, of: weights, head: TensorName("\(names.output).weight"))
      .names
    configuration = try EncoderConfiguration(
      family, of: weights, settings: settings, classCount: labels.count)
    path = weights.path
    let width = configuration.width
    encoder = TransformerEncoder(configuration, precision: precision)
    dense = Linear(width, width, .float32)
    output = Linear(width, labels.count, .float32)
    try fill(
      encoder.sinks + WeightSink.transposed(names.dense, dense)
        + WeightSink.transposed(names.output, output), from: weights, threads: threads)
  }

  /// What the two matrices of the head are called.
  static func headNames(_ family: ClassifierFamily) -> (dense: String, output: String) {
    family == .bert
      ? ("pooler.dense", "classifier") : ("classifier.dense", "classifier.out_proj")
  }

  /// Which model of the family it is.
  public var family: ClassifierFamily { configuration.family }
  /// The most tokens of a sequence.
  public var longestInput: Int { configuration.contextLength }
  /// The memory that the weights take.
  public var byteCount: Int { encoder.byteCount + dense.byteCount + output.byteCount }

  /// The memory that each thread takes besides the model.
  ///
  /// - Parameter positions: the larger of a thousand and the longest sequence.
  /// - Returns: bytes.
  public func scratchByteCount(positions: Int) -> Int {
    LayerActivations.byteCount(configuration, positions: positions)
  }

  /// What speaks for each class; see ``SequenceClassifier/logits(of:threads:)``.
  ///
  /// - Parameters:
  ///   - sequences: token ids with special tokens.
  ///   - threads: how many work at once, at least 1.
  /// - Returns: for each sequence one logit for each label.
  /// - Throws: ``ModelError`` if a sequence cannot be read.
  public func logits(of sequences: [[Int32]], threads: Int) throws -> [[Float]] {
    try logits(of: sequences, threads: threads, positionsAtOnce: 1024)
  }

  /// The same with another size of batches.
  ///
  /// - Parameters:
  ///   - sequences: token ids with special tokens.
  ///   - threads: how many work at once, at least 1.
  ///   - positionsAtOnce: the positions that a thread takes at once, unless one sequence has more.
  /// - Returns: for each sequence one logit for each label.
  /// - Throws: ``ModelError`` if a sequence cannot be read.
  public func logits(
    of sequences: [[Int32]], threads: Int, positionsAtOnce: Int
  ) throws -> [[Float]] {
    try requireTokens(sequences, vocabularySize: configuration.vocabularySize)
    let plan = TokenBatch.plan(
      lengths: sequences.map(\.count), limit: max(positionsAtOnce, 1), threads: max(threads, 1))
    let configuration = configuration
    let batches = plan.map { members in
      members.reduce(into: TokenBatch()) { configuration.add(sequences[$1], to: &$0) }
    }
    let largest = batches.map(\.tokens.count).max() ?? 0
    let found = try concurrentMap(
      batches.count, threads: threads,
      workspace: { LayerActivations(configuration, positions: largest) },
      { self.classify(batches[$1], in: $0) })
    var results = sequences.map { _ in [Float]() }
    for (member, logits) in zip(plan.joined(), found.joined()) { results[member] = logits }
    return results
  }

  private func classify(_ batch: TokenBatch, in work: LayerActivations) -> [[Float]] {
    encoder.run(batch, in: work)
    let (count, width) = (batch.kept.count, configuration.width)
    multiply(
      work.stream.pointer, positions: count, by: dense.weight, bias: dense.bias.pointer,
      adding: false, into: work.input.pointer, scratch: work.scratch)
    for place in 0..<count * width { work.input.pointer[place] = tanh(work.input.pointer[place]) }
    return rowsOfProduct(
      work.input.pointer, count, by: output.weight, bias: output.bias.pointer,
      scratch: work.scratch)
  }
}

/// The rows of a product, as arrays.
func rowsOfProduct(
  _ x: UnsafePointer<Float>, _ positions: Int, by matrix: PackedMatrix,
  bias: UnsafePointer<Float>?, scratch: WorkSpace
) -> [[Float]] {
  withUnsafeTemporaryAllocation(of: Float.self, capacity: positions * matrix.outputs) { found in
    guard let first = found.baseAddress else { return [] }
    multiply(
      x, positions: positions, by: matrix, bias: bias, adding: false, into: first, scratch: scratch)
    return (0..<positions).map { row in
      Array(found[row * matrix.outputs..<(row + 1) * matrix.outputs])
    }
  }
}
