import Threads

extension GPT2 {
  /// How unlikely each scored token is given those before it, in nats.
  ///
  ///     nll[t] = log Σ_w exp(logits[t − 1, w]) − logits[t − 1, token t]
  ///
  /// The bits depend on neither threads nor on which windows are computed together.
  ///
  /// - Parameters:
  ///   - windows: each within the context, apart from a last token that is only scored.
  ///   - threads: how many work at once, at least 1.
  ///   - positionsAtOnce: the positions that a thread takes at once, unless one window has more.
  ///     More than a thousand are hardly faster.
  /// - Returns: for each window, one number for each scored token, in the order of the tokens.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a window exceeds the context.
  /// - Complexity: about 2 operations for each weight of the layers and each token, and for each
  ///   weight of the head and each scored token. Memory of each thread:
  ///   ``scratchByteCount(positions:)``.
  public func negativeLogLikelihoods(
    of windows: [ScoredTokens], threads: Int, positionsAtOnce: Int = 1024
  ) throws -> [[Float]] {
    let configuration = configuration
    return try map(
      windows, threads: threads, positionsAtOnce: positionsAtOnce,
      workspace: { GPT2Activations(configuration, positions: $0) },
      { self.negativeLogLikelihoods(of: $1, in: $0) })
  }

  /// Takes windows in batches.
  ///
  /// - Parameters:
  ///   - windows: the windows.
  ///   - threads: how many work at once.
  ///   - positionsAtOnce: positions of a batch.
  ///   - workspace: makes what a thread computes in, given the positions of the largest batch.
  ///   - body: gives a result for each row that a batch keeps.
  /// - Returns: for each window, the results of its scored tokens.
  /// - Throws: ``ModelError`` if a window cannot be read.
  func map<Workspace, Value: Sendable>(
    _ windows: [ScoredTokens], threads: Int, positionsAtOnce: Int,
    workspace: @escaping @Sendable (Int) -> Workspace,
    _ body: @escaping @Sendable (Workspace, TokenBatch) -> [Value]
  ) throws -> [[Value]] {
    for (index, window) in windows.enumerated() {
      try require(window.tokens, reading: window.readCount, window: index)
    }
    let plan = TokenBatch.plan(windows, limit: max(positionsAtOnce, 1), threads: max(threads, 1))
    let batches = plan.map { members in
      members.reduce(into: TokenBatch()) { $0.add(windows[$1]) }
    }
    let largest = batches.map(\.tokens.count).max() ?? 0
    let found = try concurrentMap(
      batches.count, threads: threads, workspace: { workspace(largest) },
      { body($0, batches[$1]) })
    var results = windows.map { _ in [Value]() }
    for (members, values) in zip(plan, found) {
      var rest = values[...]
      for member in members {
        results[member] = Array(rest.prefix(windows[member].scored.count))
        rest = rest.dropFirst(windows[member].scored.count)
      }
    }
    return results
  }

  /// What the model expects to come after some positions.
  ///
  /// - Parameters:
  ///   - positions: ascending, of tokens.
  ///   - tokens: at most as many as the context holds.
  /// - Returns: [positions, vocabulary], row-major.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or there are too many.
  public func logits(after positions: some Sequence<Int>, of tokens: [Int32]) throws -> [Float] {
    try require(tokens, reading: tokens.count, window: 0)
    var batch = TokenBatch()
    batch.add(tokens, keeping: positions)
    precondition(batch.kept.allSatisfy(tokens.indices.contains))
    let work = GPT2Activations(configuration, positions: tokens.count)
    run(batch, in: work)
    return logits(ofRows: batch.kept.indices, in: work)
  }

  /// What the model expects to come after each of several prompts.
  ///
  /// - Parameters:
  ///   - prompts: each at most as long as the context, none empty.
  ///   - threads: how many work at once, at least 1.
  ///   - positionsAtOnce: the positions that a thread takes at once, unless one prompt has more.
  /// - Returns: for each prompt, one number for each token of the vocabulary.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a prompt exceeds the context.
  public func nextTokenLogits(
    after prompts: [[Int32]], threads: Int, positionsAtOnce: Int = 1024
  ) throws -> [[Float]] {
    precondition(!prompts.contains([]))
    let configuration = configuration
    // What is to come is scored, whatever it will be.
    let windows = prompts.map { ScoredTokens(tokens: $0 + [0], scored: $0.count..<$0.count + 1) }
    return try map(
      windows, threads: threads, positionsAtOnce: positionsAtOnce,
      workspace: { GPT2Activations(configuration, positions: $0) },
      { work, batch in
        self.run(batch, in: work)
        return batch.kept.indices.map { self.logits(ofRows: $0..<$0 + 1, in: work) }
      }
    ).flatMap { $0 }
  }

  /// The logits of rows that go into the head.
  private func logits(ofRows rows: Range<Int>, in work: GPT2Activations) -> [Float] {
    let count = rows.count * configuration.vocabularySize
    return [Float](unsafeUninitializedCapacity: count) { logits, initialized in
      guard let first = logits.baseAddress else { return }
      computeLogits(rows, in: work, into: first)
      initialized = count
    }
  }

  /// Multiplies rows that go into the head by it; `logits` is [rows, vocabulary].
  func computeLogits(
    _ rows: Range<Int>, in work: GPT2Activations, into logits: UnsafeMutablePointer<Float>
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
    GPT2Activations.byteCount(configuration, positions: positions)
  }

  func require(_ tokens: [Int32], reading count: Int, window: Int) throws {
    try configuration.require(tokens, reading: count, window: window, path: path)
  }

  private func negativeLogLikelihoods(
    of batch: TokenBatch, in work: GPT2Activations
  ) -> [Float] {
    run(batch, in: work)
    return [Float](unsafeUninitializedCapacity: batch.kept.count) { numbers, initialized in
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
  func run(_ batch: TokenBatch, in work: GPT2Activations) {
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
    _ batch: TokenBatch, in work: GPT2Activations, gather: (_ layer: Int, _ window: Int) -> Void
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

  func normalize(by norm: Norm, positions: Int, in work: GPT2Activations) {
    layerNorm(
      work.stream.pointer, positions: positions, channels: configuration.width,
      weight: norm.weight.pointer, bias: norm.bias.pointer,
      epsilon: Float(configuration.layerNormEpsilon), into: work.input.pointer)
  }

  /// Leaves queries, keys and values in `work.wide`.
  private func project(_ block: Block, positions: Int, in work: GPT2Activations) {
    normalize(by: block.attentionNorm, positions: positions, in: work)
    multiply(
      work.input.pointer, positions: positions, by: block.attention.weight,
      bias: block.attention.bias.pointer, adding: false, into: work.wide.pointer,
      scratch: work.scratch)
  }

  /// Adds to the stream what attention gathered, and then what the hidden layer makes of it.
  private func feed(_ block: Block, positions: Int, in work: GPT2Activations) {
    multiply(
      work.input.pointer, positions: positions, by: block.attentionOutput.weight,
      bias: block.attentionOutput.bias.pointer, adding: true, into: work.stream.pointer,
      scratch: work.scratch)
    normalize(by: block.hiddenNorm, positions: positions, in: work)
    multiply(
      work.input.pointer, positions: positions, by: block.hidden.weight,
      bias: block.hidden.bias.pointer, adding: false, into: work.wide.pointer,
      scratch: work.scratch)
    activate(
      work.wide.pointer, count: positions * configuration.innerWidth, by: configuration.activation)
    multiply(
      work.wide.pointer, positions: positions, by: block.hiddenOutput.weight,
      bias: block.hiddenOutput.bias.pointer, adding: true, into: work.stream.pointer,
      scratch: work.scratch)
  }
}

extension AlignedBuffer<Float> {
  /// Moves some rows to the front.
  ///
  /// - Parameters:
  ///   - rows: ascending.
  ///   - width: elements of a row.
  func keep(_ rows: [Int], width: Int) {
    for (target, row) in rows.enumerated() where target != row {
      (pointer + target * width).update(from: pointer + row * width, count: width)
    }
  }
}
