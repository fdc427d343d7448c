extension GPT2: CausalLanguageModel {
  /// How many different tokens there are.
  public var vocabularySize: Int { configuration.vocabularySize }
  /// How many positions a window may have.
  public var contextLength: Int { configuration.contextLength }

  /// How unlikely each scored token is given those before it; see ``CausalLanguageModel``.
  ///
  /// - Parameters:
  ///   - windows: each within the context, apart from a last token that is only scored.
  ///   - threads: how many work at once, at least 1.
  ///   - positionsAtOnce: the positions that a thread takes at once, unless one window has more.
  /// - Returns: for each window, one number for each scored token, in the order of the tokens.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a window exceeds the context.
  /// - Complexity: about 2 operations for each weight of the layers and each token, and for each
  ///   weight of the head and each scored token. Memory of each thread:
  ///   ``scratchByteCount(positions:)``.
  public func negativeLogLikelihoods(
    of windows: [ScoredTokens], threads: Int, positionsAtOnce: Int
  ) throws -> [[Float]] {
    let configuration = configuration
    try requireReadable(windows)
    return try TokenBatch.map(
      windows, threads: threads, positionsAtOnce: positionsAtOnce,
      workspace: { LayerActivations(configuration, positions: $0) },
      { work, batch in
        self.run(batch, in: work)
        return self.negativeLogLikelihoods(ofRun: batch, in: work)
      })
  }

  /// What the model expects to come after some positions.
  ///
  /// - Parameters:
  ///   - positions: ascending, of tokens.
  ///   - tokens: at most as many as the context holds.
  /// - Returns: [positions, vocabulary], row-major.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or there are too many.
  public func logits(after positions: some Sequence<Int>, of tokens: [Int32]) throws -> [Float] {
    try requireReadable(tokens, reading: tokens.count, as: "the text")
    var batch = TokenBatch()
    batch.add(tokens, keeping: positions)
    precondition(batch.kept.allSatisfy(tokens.indices.contains))
    let work = LayerActivations(configuration, positions: tokens.count)
    run(batch, in: work)
    return logits(ofRows: batch.kept.indices, in: work)
  }

  /// What the model expects to come after each of several prompts; see ``CausalLanguageModel``.
  ///
  /// - Parameters:
  ///   - prompts: each at most as long as the context, none empty.
  ///   - threads: how many work at once, at least 1.
  ///   - positionsAtOnce: the positions that a thread takes at once, unless one prompt has more.
  /// - Returns: for each prompt, one number for each token of the vocabulary.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a prompt exceeds the context.
  public func nextTokenLogits(
    after prompts: [[Int32]], threads: Int, positionsAtOnce: Int
  ) throws -> [[Float]] {
    let configuration = configuration
    return try TokenBatch.map(
      windows(after: prompts), threads: threads, positionsAtOnce: positionsAtOnce,
      workspace: { LayerActivations(configuration, positions: $0) },
      { work, batch in
        self.run(batch, in: work)
        return batch.kept.indices.map { self.logits(ofRows: $0..<$0 + 1, in: work) }
      }
    ).flatMap { $0 }
  }

  /// The logits of rows that go into the head.
  private func logits(ofRows rows: Range<Int>, in work: LayerActivations) -> [Float] {
    let count = rows.count * configuration.vocabularySize
    return [Float](unsafeUninitializedCapacity: count) { logits, initialized in
      guard let first = logits.baseAddress else { return }
      computeLogits(rows, in: work, into: first)
      initialized = count
    }
  }

  /// Multiplies rows that go into the head by it; `logits` is [rows, vocabulary].
  func computeLogits(
    _ rows: Range<Int>, in work: LayerActivations, into logits: UnsafeMutablePointer<Float>
  ) {
    multiply(
      work.input.pointer + rows.lowerBound * configuration.width, positions: rows.count, by: head,
      bias: nil, adding: false, into: logits, scratch: work.scratch)
  }

  /// The memory that each thread takes besides the model.
  ///
  /// - Parameter positions: the larger of ``negativeLogLikelihoods(of:threads:positionsAtOnce:)``'s
  ///   limit and the longest window.
  /// - Returns: bytes.
  public func scratchByteCount(positions: Int) -> Int {
    LayerActivations.byteCount(configuration, positions: positions)
  }

  /// Checks that windows can be read.
  func requireReadable(_ windows: [ScoredTokens]) throws {
    for (index, window) in windows.enumerated() {
      try requireReadable(window.tokens, reading: window.readCount, as: "window \(index)")
    }
  }

  /// What the model makes of the targets of a batch that was run, in nats.
  func negativeLogLikelihoods(ofRun batch: TokenBatch, in work: LayerActivations) -> [Float] {
    [Float](unsafeUninitializedCapacity: batch.kept.count) { numbers, initialized in
      batch.targets.withUnsafeBufferPointer { targets in
        guard let first = numbers.baseAddress, let targets = targets.baseAddress else { return }
        Models.negativeLogLikelihoods(
          work.input.pointer, positions: batch.kept.count, head: head, targets: targets,
          into: first, scratch: work.scratch)
        initialized = batch.kept.count
      }
    }
  }

  /// Leaves what goes into the head in `work.input`, one row for each kept row.
  func run(_ batch: TokenBatch, in work: LayerActivations) {
    run(batch, in: work) { _, window in
      let rows = batch.windows[window]
      attention(
        qkv: work.wide.pointer + rows.lowerBound * 3 * configuration.width, positions: rows.count,
        heads: configuration.headCount, headWidth: configuration.headWidth, reach: .causal,
        into: work.input.pointer + rows.lowerBound * configuration.width, scratch: work.scratch)
    }
  }

  /// The same with another way to attend.
  ///
  /// - Parameters:
  ///   - batch: the rows.
  ///   - work: what to compute in.
  ///   - gather: takes a layer and a window of the batch; leaves what heads of attention gather
  ///     from the rows of `work.wide` in those of `work.input`.
  func run(
    _ batch: TokenBatch, in work: LayerActivations, gather: (_ layer: Int, _ window: Int) -> Void
  ) {
    embed(batch, into: work.stream.pointer)
    for (layer, block) in blocks.enumerated() {
      project(block, positions: batch.tokens.count, in: work)
      for window in batch.windows.indices { gather(layer, window) }
      if layer == blocks.count - 1 {
        work.stream.keep(batch.kept, width: configuration.width)
        work.input.keep(batch.kept, width: configuration.width)
        feed(block, positions: batch.kept.count, in: work)
      } else {
        feed(block, positions: batch.tokens.count, in: work)
      }
    }
    normalize(by: finalNorm, positions: batch.kept.count, in: work)
  }

  func embed(_ batch: TokenBatch, into stream: UnsafeMutablePointer<Float>) {
    let width = configuration.width
    for row in batch.tokens.indices {
      let token = tokenEmbedding.pointer + Int(batch.tokens[row]) * width
      let position = positionEmbedding.pointer + batch.positions[row] * width
      for channel in 0..<width {
        stream[row * width + channel] = token[channel] + position[channel]
      }
    }
  }

  func normalize(by norm: Norm, positions: Int, in work: LayerActivations) {
    layerNorm(
      work.stream.pointer, positions: positions, channels: configuration.width,
      weight: norm.weight.pointer, bias: norm.bias.pointer,
      epsilon: Float(configuration.layerNormEpsilon), into: work.input.pointer)
  }

  /// Leaves queries, keys and values in `work.wide`.
  private func project(_ block: TransformerBlock, positions: Int, in work: LayerActivations) {
    normalize(by: block.attentionNorm, positions: positions, in: work)
    work.widen(by: block.attention, from: work.input, positions: positions)
  }

  /// Adds to the stream what attention gathered, and then what the hidden layer makes of it.
  private func feed(_ block: TransformerBlock, positions: Int, in work: LayerActivations) {
    work.extend(by: block.attentionOutput, from: work.input, positions: positions)
    normalize(by: block.hiddenNorm, positions: positions, in: work)
    work.feed(block, from: work.input, positions: positions, by: configuration.activation)
  }
}
