extension LogitEnsemble {
  /// How unlikely each scored token is to the ensemble; see ``CausalLanguageModel``.
  ///
  /// - Parameters:
  ///   - windows: each within the context, apart from a last token that is only scored.
  ///   - threads: how many work at once, at least 1.
  ///   - positionsAtOnce: the positions that a thread takes at once, unless one window has more.
  /// - Returns: for each window, one number for each scored token, in the order of the tokens.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a window exceeds the context.
  public func negativeLogLikelihoods(
    of windows: [ScoredTokens], threads: Int, positionsAtOnce: Int
  ) throws -> [[Float]] {
    try LogitEnsemble.negativeLogLikelihoods(
      of: windows, members: members, at: [coefficients], threads: threads,
      positionsAtOnce: positionsAtOnce)[0]
  }

  /// The same for many ensembles of the same members, each of which is run once for all.
  ///
  /// The bits of an ensemble depend on no other.
  ///
  /// - Parameters:
  ///   - windows: each within the shortest context.
  ///   - members: models of one vocabulary.
  ///   - points: coefficients of each ensemble, one for each member, not all 0.
  ///   - threads: how many work at once, at least 1.
  ///   - positionsAtOnce: the positions that a thread takes at once, unless one window has more.
  /// - Returns: [points][windows][scored tokens], in nats.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a window exceeds the context.
  /// - Complexity: that of each member alone, and for each point and scored token O(members ×
  ///   vocabulary).
  public static func negativeLogLikelihoods(
    of windows: [ScoredTokens], members: [GPT2], at points: [[Double]], threads: Int,
    positionsAtOnce: Int = 1024
  ) throws -> [[[Float]]] {
    for member in members { try member.requireReadable(windows) }
    let found = try TokenBatch.map(
      windows, threads: threads, positionsAtOnce: positionsAtOnce,
      workspace: { EnsembleActivations(members, at: points, positions: $0) },
      { work, batch in
        work.run(batch)
        return work.negativeLogLikelihoods(of: batch, at: points)
      })
    return points.indices.map { point in found.map { window in window.map { $0[point] } } }
  }

  /// The memory that each thread takes besides the models.
  ///
  /// - Parameters:
  ///   - members: the models.
  ///   - positions: the most that are taken at once.
  /// - Returns: bytes.
  public static func scratchByteCount(_ members: [GPT2], positions: Int) -> Int {
    EnsembleActivations.byteCount(members, positions: positions)
  }
}
