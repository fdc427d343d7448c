extension GPT2 {
  /// How likely the scored tokens are to mixtures of this model's logits and another's.
  ///
  ///     −log softmax((1 − t) z + t z′)[token]
  ///
  /// - Parameters:
  ///   - windows: each within the context.
  ///   - other: gives z′; of the same configuration.
  ///   - steps: each t; at 0 it is this model alone, at 1 the other.
  ///   - threads: how many work at once, at least 1.
  ///   - positionsAtOnce: the positions that a thread takes at once, unless one window has more.
  /// - Returns: for each window and scored token, one number for each step, in nats.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a window exceeds the context.
  ///
  /// Source: arXiv 2211.12092, section 3.2, its form for two models.
  public func ensembleLikelihoods(
    of windows: [ScoredTokens], with other: GPT2, steps: [Double], threads: Int,
    positionsAtOnce: Int = 512
  ) throws -> [[[Float]]] {
    precondition(other.configuration == configuration)
    let configuration = configuration
    return try map(
      windows, threads: threads, positionsAtOnce: positionsAtOnce,
      workspace: { Pair(configuration, positions: $0) },
      { work, batch in
        self.run(batch, in: work.mine)
        other.run(batch, in: work.theirs)
        return self.score(batch, with: other, steps: steps.map { Float($0) }, in: work)
      })
  }

  /// The activations of both models for a batch.
  private final class Pair {
    let mine: LayerActivations
    let theirs: LayerActivations

    init(_ configuration: GPT2Configuration, positions: Int) {
      mine = LayerActivations(configuration, positions: positions)
      theirs = LayerActivations(configuration, positions: positions)
    }
  }

  private func score(
    _ batch: TokenBatch, with other: GPT2, steps: [Float], in work: Pair
  ) -> [[Float]] {
    let words = configuration.vocabularySize
    let logits = Logits(rows: GPT2.rowsAtOnce, words: words)
    let row = AlignedBuffer<Float>(count: words)
    return stride(from: 0, to: batch.kept.count, by: GPT2.rowsAtOnce).flatMap { first in
      let rows = first..<min(first + GPT2.rowsAtOnce, batch.kept.count)
      computeLogits(rows, in: work.mine, into: logits.values.pointer)
      other.computeLogits(rows, in: work.theirs, into: logits.changes.pointer)
      for place in 0..<rows.count * words {
        logits.changes.pointer[place] -= logits.values.pointer[place]
      }
      return rows.map { index in
        let offset = (index - first) * words
        let line = Expansion(
          values: logits.values.pointer + offset, changes: logits.changes.pointer + offset,
          row: row)
        return line.values(Int(batch.targets[index]), steps: steps)
      }
    }
  }
}
