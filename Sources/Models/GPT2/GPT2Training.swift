import Tensors

extension GPT2Configuration: TrainedLayers {
  var reach: AttentionReach { .causal }

  func add(_ window: ScoredTokens, to batch: inout TokenBatch) { batch.add(window) }
}

extension GPT2Configuration: TrainableModel {
  /// `score.weight`, if the model tells classes apart.
  public var classHead: [TensorName] { classifies ? [GPT2Configuration.scoreName] : [] }

  /// `embd_pdrop`, `attn_pdrop` and `resid_pdrop`.
  public func dropoutRates(_ settings: ModelSettings) throws -> DropoutRates {
    try DropoutRates(
      embedding: settings.dropoutRate(["embd_pdrop"]),
      attention: settings.dropoutRate(["attn_pdrop"]),
      residual: settings.dropoutRate(["resid_pdrop"]))
  }

  /// With `transformer.` before all but heads.
  public func hubName(of canonical: TensorName) -> TensorName {
    canonical == headName && !isHeadTied ? canonical : TensorName("transformer.\(canonical.text)")
  }

  /// A sequence with its class, up to the last token that is not padding; the first, if all are.
  ///
  /// - Parameters:
  ///   - sequence: token ids; not empty.
  ///   - label: the number of the class.
  /// - Returns: a window whose last, scored token is the class.
  public func window(of sequence: [Int32], label: Int32) -> ScoredTokens {
    guard case .classes(_, let paddingToken) = head else {
      preconditionFailure("the model tells no classes apart")
    }
    let last = sequence.lastIndex { Int($0) != paddingToken } ?? 0
    return ScoredTokens(tokens: sequence[...last] + [label], scored: last + 1..<last + 2)
  }

  /// How far weights to begin with are from 0.
  ///
  /// - Parameter tensor: a matrix or an embedding.
  /// - Returns: 0.02, and 0.02 / √(2 · layers) of those that are added to the residual stream, `c_proj`.
  ///
  /// Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3,
  /// and `GPT2PreTrainedModel._init_weights` of `transformers`.
  public func initialDeviation(of tensor: TensorName) -> Double {
    tensor.text.hasSuffix(".c_proj.weight") ? 0.02 / (2 * Double(layerCount)).squareRoot() : 0.02
  }

  /// The loss as a function of parameters.
  public func loss(
    _ parameters: ModelParameters, threads: Int, precision: Precision
  ) -> any TrainingLoss {
    PassLoss<GPT2Pass>(self, parameters, threads: threads, precision: precision)
  }

  /// The memory that the passes of the loss take besides weights and gradient.
  public func lossByteCount(positions: Int) -> Int {
    TrainingTape.byteCount(self, positions: positions)
  }
}
