import Tensors

/// A model whose parameters can be trained: which ones there are, and what its loss is.
public protocol TrainableModel: Sendable {
  /// Every tensor that the model needs, with its extents.
  var tensors: [(name: TensorName, extents: [Int])] { get }
  /// How many different tokens there are.
  var vocabularySize: Int { get }
  /// The most tokens that are read together, special ones among them.
  var contextLength: Int { get }
  /// The tensors among ``tensors`` that tell classes apart, which a language model need not have.
  var classHead: [TensorName] { get }

  /// How much of the activations is set to 0 in training: 0.1 where settings do not say.
  ///
  /// - Parameter settings: those of `config.json`.
  /// - Returns: the rates.
  /// - Throws: ``ModelError`` if a rate is no number from 0 to less than 1.
  func dropoutRates(_ settings: ModelSettings) throws -> DropoutRates

  /// The name that a tensor has in `transformers`.
  ///
  /// - Parameter canonical: one of ``tensors``.
  /// - Returns: the name, with the prefix of the model that it is part of.
  func hubName(of canonical: TensorName) -> TensorName

  /// A sequence with its class, for a model that tells classes apart.
  ///
  /// - Parameters:
  ///   - sequence: token ids with the special tokens that the model expects; not empty.
  ///   - label: the number of the class.
  /// - Returns: a window whose last, scored token is the class.
  func window(of sequence: [Int32], label: Int32) -> ScoredTokens

  /// How far the random weights that training begins with are from 0.
  ///
  /// - Parameter tensor: a matrix or an embedding.
  /// - Returns: the standard deviation.
  func initialDeviation(of tensor: TensorName) -> Double

  /// The loss as a function of parameters.
  ///
  /// - Parameters:
  ///   - parameters: the weights; read at each call.
  ///   - threads: how many work at once, at least 1.
  ///   - precision: what factors of matrix products are rounded to; numbers that are kept, sums and
  ///     gradients are binary32.
  /// - Returns: what computes it.
  func loss(
    _ parameters: ModelParameters, threads: Int, precision: Precision
  ) -> any TrainingLoss

  /// The memory that the passes of the loss take besides weights and gradient.
  ///
  /// - Parameter positions: the most tokens of a batch.
  /// - Returns: bytes.
  func lossByteCount(positions: Int) -> Int
}

/// The loss of a model on windows of tokens, and its gradient by every parameter.
///
///     loss = Σ over scored tokens of −log p(token | those before it)      in nats
///
/// Of a model that tells classes apart the scored token is the number of a class.
///
/// - Note: One call at a time. The weights may change between calls.
public protocol TrainingLoss: AnyObject {
  /// The weights.
  var parameters: ModelParameters { get }

  /// What each scored token loses.
  ///
  /// - Parameter windows: each within the context, apart from a last token that is only scored.
  /// - Returns: in the order of windows and tokens.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, a class is none of the model's, or
  ///   a window exceeds the context.
  func losses(of windows: [ScoredTokens]) throws -> TokenLosses

  /// Adds the gradient of the scaled loss.
  ///
  /// - Parameters:
  ///   - windows: each within the context, apart from a last token that is only scored.
  ///   - scale: what the loss is multiplied by before it is differentiated: 1 over the number of
  ///     scored tokens for that of the mean.
  ///   - dropout: how much of the activations is set to 0.
  ///   - seed: where random numbers begin.
  ///   - gradient: added to; of the same tensors.
  /// - Returns: what each scored token loses, not scaled.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, a class is none of the model's, or
  ///   a window exceeds the context.
  func addGradient(
    of windows: [ScoredTokens], scale: Double, dropout: DropoutRates, seed: DropoutSeed,
    to gradient: ModelParameters
  ) throws -> TokenLosses
}

/// What scored tokens, or classes in their place, lose.
public struct TokenLosses: Hashable, Sendable {
  /// The negative log-likelihood of each, in nats.
  public let nats: [Float]
  /// Whether each has the largest logit, the first of equals; `nil` where tokens are predicted.
  public let hits: [Bool]?
}

/// How much of a model's activations is set to 0 in training.
public struct DropoutRates: Hashable, Sendable {
  /// The share of the embedded tokens' elements; `embd_pdrop` of `transformers`' GPT-2.
  public var embedding: Double
  /// The share of the weights of attention; `attn_pdrop`.
  public var attention: Double
  /// The share of what each half of a layer adds to the residual stream; `resid_pdrop`.
  public var residual: Double
  /// The share of what an encoder's head reads; GPT-2's has none.
  public var head: Double

  /// Describes rates, from 0 to less than 1.
  ///
  /// - Parameters:
  ///   - embedding: of embedded tokens.
  ///   - attention: of weights of attention.
  ///   - residual: of what is added to the residual stream.
  ///   - head: of what an encoder's head reads.
  public init(embedding: Double, attention: Double, residual: Double, head: Double = 0) {
    (self.embedding, self.attention, self.residual) = (embedding, attention, residual)
    self.head = head
  }

  /// The same rate everywhere.
  ///
  /// - Parameter rate: from 0 to less than 1.
  public init(all rate: Double) {
    self.init(embedding: rate, attention: rate, residual: rate, head: rate)
  }

  /// No dropout.
  public static let none = DropoutRates(embedding: 0, attention: 0, residual: 0)
}

/// Where the random numbers of a pass begin.
public struct DropoutSeed: Hashable, Sendable {
  /// The seed of the run.
  public let seed: UInt64
  /// The number of the batch, another one for each.
  public let step: UInt64

  /// Describes a beginning.
  ///
  /// - Parameters:
  ///   - seed: of the run.
  ///   - step: the number of the batch.
  public init(seed: UInt64, step: UInt64) { (self.seed, self.step) = (seed, step) }
}
