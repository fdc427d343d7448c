/// The loss of a model on windows of tokens, and its gradient by every parameter; see ``TrainingLoss``.
///
/// The pass forwards keeps the activations of the batch, the pass back goes through them from the last
/// to the first. Both share products out to threads by tiles of the result, so bits depend on no
/// number of threads.
///
/// In bfloat16 both factors of every product by a matrix, and of the products that give gradients, are
/// rounded to the nearest; sums, attention, normalizations, logits and all that is kept are binary32.
///
/// Source: Rumelhart, Hinton & Williams 1986, "Learning representations by back-propagating errors".
final class PassLoss<Pass: TrainingPass>: TrainingLoss {
  let configuration: Pass.Configuration
  let parameters: ModelParameters
  let team: LayerTeam
  private var tape: TrainingTape

  /// - Parameters:
  ///   - configuration: what the model is like.
  ///   - parameters: the weights; read at each call.
  ///   - threads: how many work at once, at least 1.
  ///   - precision: what factors of matrix products are rounded to.
  init(
    _ configuration: Pass.Configuration, _ parameters: ModelParameters, threads: Int,
    precision: Precision
  ) {
    (self.configuration, self.parameters) = (configuration, parameters)
    team = LayerTeam(threads: threads, precision: precision)
    tape = TrainingTape(configuration, positions: 1)
  }

  func losses(of windows: [ScoredTokens]) throws -> TokenLosses {
    try run(windows, .none, DropoutSeed(seed: 0, step: 0)) { pass in
      pass.forward()
      pass.score(scale: 1, gradient: nil)
    }
  }

  /// - Complexity: three times the operations of ``losses(of:)``. The memory of the passes is kept for
  ///   the next call.
  func addGradient(
    of windows: [ScoredTokens], scale: Double, dropout: DropoutRates, seed: DropoutSeed,
    to gradient: ModelParameters
  ) throws -> TokenLosses {
    precondition(gradient.tensors == parameters.tensors)
    return try run(windows, dropout, seed) { pass in
      pass.forward()
      pass.score(scale: Float(scale), gradient: gradient)
      pass.backward(addingTo: gradient)
    }
  }

  private func run(
    _ windows: [ScoredTokens], _ dropout: DropoutRates, _ seed: DropoutSeed, _ body: (Pass) -> Void
  ) throws -> TokenLosses {
    let batch = try batch(windows)
    if batch.tokens.count > tape.positions {
      tape = TrainingTape(configuration, positions: batch.tokens.count)
    }
    guard !batch.kept.isEmpty else { return TokenLosses(nats: [], hits: nil) }
    body(
      Pass(
        configuration: configuration, parameters: parameters, batch: batch, tape: tape, team: team,
        dropout: dropout, seed: seed))
    return TokenLosses(
      nats: tape.losses.first(batch.kept.count),
      hits: configuration.classifies ? tape.hits.first(batch.kept.count) : nil)
  }

  private func batch(_ windows: [ScoredTokens]) throws -> TokenBatch {
    let limits = ReadingLimits(
      words: configuration.vocabularySize, context: configuration.contextLength,
      path: parameters.path)
    var batch = TokenBatch()
    for (index, window) in windows.enumerated() {
      let name = "window \(index)"
      if configuration.classifies {
        let read = Array(window.tokens.prefix(window.readCount))
        try limits.require(read, reading: read.count, as: name)
        try limits.require(window.tokens[window.scored], below: configuration.logitCount, as: name)
      } else {
        try limits.require(window.tokens, reading: window.readCount, as: name)
      }
      configuration.add(window, to: &batch)
    }
    return batch
  }
}
