/// How much of a GPT-2's activations is set to 0 in training.
public struct GPT2Dropout: Hashable, Sendable {
  /// The share of the embedded tokens' elements; `embd_pdrop` of `transformers`.
  public var embedding: Double
  /// The share of the weights of attention; `attn_pdrop`.
  public var attention: Double
  /// The share of what each half of a layer adds to the residual stream; `resid_pdrop`.
  public var residual: Double

  /// Describes rates.
  ///
  /// - Parameters:
  ///   - embedding: of embedded tokens, from 0 to less than 1.
  ///   - attention: of weights of attention.
  ///   - residual: of what is added to the residual stream.
  public init(embedding: Double, attention: Double, residual: Double) {
    (self.embedding, self.attention, self.residual) = (embedding, attention, residual)
  }

  /// No dropout.
  public static let none = GPT2Dropout(embedding: 0, attention: 0, residual: 0)
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

/// The loss of a GPT-2 on windows of tokens, and its gradient by every parameter.
///
///     loss = Σ over scored tokens of −log p(token | those before it)      in nats
///
/// The pass forwards keeps the activations of the batch, the pass back goes through them from the last
/// to the first. Both share products out to threads by tiles of the result, so bits depend on no
/// number of threads.
///
/// - Note: One call at a time. The weights may change between calls.
///
/// Source: Rumelhart, Hinton & Williams 1986, "Learning representations by back-propagating errors".
public final class GPT2Loss {
  /// The weights.
  public let parameters: GPT2Parameters
  let team: LayerTeam
  private var tape: GPT2Tape

  var configuration: GPT2Configuration { parameters.configuration }

  /// Creates the loss of a model.
  ///
  /// - Parameters:
  ///   - parameters: the weights; read at each call.
  ///   - threads: how many work at once, at least 1.
  public init(_ parameters: GPT2Parameters, threads: Int) {
    self.parameters = parameters
    team = LayerTeam(threads: threads)
    tape = GPT2Tape(parameters.configuration, positions: 1)
  }

  /// The negative log-likelihood of each scored token.
  ///
  /// - Parameter windows: each within the context, apart from a last token that is only scored.
  /// - Returns: in nats, in the order of windows and tokens.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a window exceeds the context.
  public func negativeLogLikelihoods(of windows: [ScoredTokens]) throws -> [Float] {
    try run(windows, .none, DropoutSeed(seed: 0, step: 0)) { pass in
      pass.forward()
      pass.score(scale: 1, gradient: nil)
    }
  }

  /// Adds the gradient of the scaled loss.
  ///
  /// - Parameters:
  ///   - windows: each within the context, apart from a last token that is only scored.
  ///   - scale: what the loss is multiplied by before it is differentiated: 1 over the number of
  ///     scored tokens for that of the mean.
  ///   - dropout: how much of the activations is set to 0.
  ///   - seed: where random numbers begin.
  ///   - gradient: added to; of the same configuration.
  /// - Returns: the negative log-likelihood of each scored token, not scaled.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a window exceeds the context.
  /// - Complexity: three times the operations of ``negativeLogLikelihoods(of:)``. Memory:
  ///   ``GPT2Loss/byteCount(_:positions:)``, kept for the next call.
  public func addGradient(
    of windows: [ScoredTokens], scale: Double, dropout: GPT2Dropout = .none,
    seed: DropoutSeed = DropoutSeed(seed: 0, step: 0), to gradient: GPT2Parameters
  ) throws -> [Float] {
    precondition(gradient.configuration == configuration)
    return try run(windows, dropout, seed) { pass in
      pass.forward()
      pass.score(scale: Float(scale), gradient: gradient)
      pass.backward(addingTo: gradient)
    }
  }

  /// The memory that the passes take besides weights and gradient.
  ///
  /// - Parameters:
  ///   - configuration: what the model is like.
  ///   - positions: the most tokens of a batch.
  /// - Returns: bytes.
  public static func byteCount(_ configuration: GPT2Configuration, positions: Int) -> Int {
    GPT2Tape.byteCount(configuration, positions: positions)
  }

  private func run(
    _ windows: [ScoredTokens], _ dropout: GPT2Dropout, _ seed: DropoutSeed,
    _ body: (GPT2Pass) -> Void
  ) throws -> [Float] {
    let limits = ReadingLimits(
      words: configuration.vocabularySize, context: configuration.contextLength,
      path: parameters.path)
    var batch = TokenBatch()
    for (index, window) in windows.enumerated() {
      try limits.require(window.tokens, reading: window.readCount, as: "window \(index)")
      batch.add(window)
    }
    if batch.tokens.count > tape.positions {
      tape = GPT2Tape(configuration, positions: batch.tokens.count)
    }
    guard !batch.kept.isEmpty else { return [] }
    body(
      GPT2Pass(
        parameters: parameters, batch: batch, tape: tape, team: team, dropout: dropout, seed: seed))
    return Array(UnsafeBufferPointer(start: tape.losses.pointer, count: batch.kept.count))
  }
}
