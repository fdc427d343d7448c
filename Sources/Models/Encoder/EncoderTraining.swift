import Tensors

extension EncoderConfiguration: TrainedLayers {
  /// How many logits there are: one for each class.
  var logitCount: Int { classCount ?? 0 }
  /// Logits are those of classes.
  var classifies: Bool { true }
  var reach: AttentionReach { .full }

  func attentionScale(inLayer layer: Int) -> Double { 1 / Double(headWidth).squareRoot() }

  /// Adds a sequence and its class.
  func add(_ window: ScoredTokens, to batch: inout TokenBatch) {
    add(window.tokens.prefix(window.readCount), to: &batch, targets: window.tokens[window.scored])
  }
}

extension EncoderConfiguration: TrainableModel {
  /// `pooler.dense` and `classifier` of BERT, `classifier.dense` and `classifier.out_proj` of RoBERTa.
  public var classHead: [TensorName] { headTensors.map { $0.name } }

  /// `hidden_dropout_prob`, of embeddings and of what is added to the stream,
  /// `attention_probs_dropout_prob`, and of the head `classifier_dropout`, or else the first.
  public func dropoutRates(_ settings: ModelSettings) throws -> DropoutRates {
    let hidden = try settings.dropoutRate(["hidden_dropout_prob"])
    return try DropoutRates(
      embedding: hidden, attention: settings.dropoutRate(["attention_probs_dropout_prob"]),
      residual: hidden, head: settings.dropoutRate(["classifier_dropout", "hidden_dropout_prob"]))
  }

  /// With `roberta.` or `bert.` before all but heads.
  public func hubName(of canonical: TensorName) -> TensorName {
    canonical.text.hasPrefix("classifier.")
      ? canonical : TensorName("\(family.rawValue).\(canonical.text)")
  }

  /// A sequence with its class.
  ///
  /// - Parameters:
  ///   - sequence: token ids with special tokens; not empty.
  ///   - label: the number of the class.
  /// - Returns: a window whose last, scored token is the class.
  public func window(of sequence: [Int32], label: Int32) -> ScoredTokens {
    ScoredTokens(tokens: sequence + [label], scored: sequence.count..<sequence.count + 1)
  }

  /// How far weights to begin with are from 0: `initializer_range` of all, or else 0.02.
  ///
  /// Source: Devlin et al. 2019, and `_init_weights` of `BertPreTrainedModel` and
  /// `RobertaPreTrainedModel` of `transformers`, which sets rows of the padding token to 0 besides;
  /// here they are drawn like any other.
  public func initialDeviation(of tensor: TensorName) -> Double { initializerRange }

  /// The loss as a function of parameters.
  public func loss(
    _ parameters: ModelParameters, threads: Int, precision: Precision
  ) -> any TrainingLoss {
    PassLoss<EncoderPass>(self, parameters, threads: threads, precision: precision)
  }

  /// The memory that the passes of the loss take besides weights and gradient.
  public func lossByteCount(positions: Int) -> Int {
    TrainingTape.byteCount(self, positions: positions)
  }
}

extension EncoderConfiguration {
  /// Adds a sequence, of which the first token's result is wanted.
  func add(
    _ sequence: some Collection<Int32>, to batch: inout TokenBatch,
    targets: some Sequence<Int32> = EmptyCollection<Int32>()
  ) {
    batch.add(
      sequence, at: places(of: sequence), keeping: CollectionOfOne(0), targets: targets)
  }

  /// The row of the table of positions for each token: RoBERTa counts those that are not padding.
  private func places(of sequence: some Collection<Int32>) -> [Int] {
    var next = firstPosition
    return sequence.map { token in
      if Int(token) == paddingToken { return firstPosition - 1 }
      defer { next += 1 }
      return next
    }
  }
}
