/// How unlikely a token is to a model whose logits are replaced by their first-order expansion
/// along a direction of the weights.
public struct LinearizedLikelihood: Hashable, Sendable {
  /// d nll(θ + t · dθ) / dt at t = 0, in nats.
  public let derivative: Float
  /// At each step t: −log softmax(z(θ) + t · dz)[token], in nats.
  public let values: [Float]
}

extension GPT2 {
  /// How likely the scored tokens are to the model's first-order expansion along a direction.
  ///
  ///     z(θ + t · dθ) ≈ z(θ) + t · dz,   dz = ⟨∇z(θ), dθ⟩
  ///
  /// The derivative is taken forwards, along with the logits: there is no pass back.
  ///
  /// - Parameters:
  ///   - windows: each within the context.
  ///   - direction: dθ, loaded as the weights of a model of the same configuration: the
  ///     difference of two checkpoints, say.
  ///   - steps: each t at which to take the expansion; at 0 it is the model itself.
  ///   - threads: how many work at once, at least 1.
  ///   - positionsAtOnce: the positions that a thread takes at once, unless one window has more.
  /// - Returns: for each window, one result for each scored token.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or a window exceeds the context.
  /// - Complexity: three times the products of
  ///   ``negativeLogLikelihoods(of:threads:positionsAtOnce:)``, and twice its memory.
  ///
  /// Source: arXiv 2211.12092, sections 5.1 and 5.2.
  public func linearizedLikelihoods(
    of windows: [ScoredTokens], along direction: GPT2, steps: [Double], threads: Int,
    positionsAtOnce: Int = 512
  ) throws -> [[LinearizedLikelihood]] {
    precondition(direction.configuration == configuration)
    let configuration = configuration
    try requireReadable(windows)
    return try TokenBatch.map(
      windows, threads: threads, positionsAtOnce: positionsAtOnce,
      workspace: { Derivation(configuration, positions: $0) },
      { work, batch in
        self.run(batch, along: direction, in: work)
        return self.score(batch, along: direction, steps: steps.map { Float($0) }, in: work)
      })
  }

  /// Logits after some positions, and how they change along a direction of the weights.
  ///
  /// - Parameters:
  ///   - positions: ascending, of tokens.
  ///   - tokens: at most as many as the context holds.
  ///   - direction: dθ, loaded as the weights of a model of the same configuration.
  /// - Returns: z(θ) and dz = d z(θ + t · dθ) / dt at t = 0, each [positions, vocabulary].
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or there are too many.
  public func logits(
    after positions: some Sequence<Int>, of tokens: [Int32], along direction: GPT2
  ) throws -> (values: [Float], changes: [Float]) {
    precondition(direction.configuration == configuration)
    try requireReadable(tokens, reading: tokens.count, as: "the text")
    var batch = TokenBatch()
    batch.add(tokens, keeping: positions)
    precondition(batch.kept.allSatisfy(tokens.indices.contains))
    let work = Derivation(configuration, positions: tokens.count)
    run(batch, along: direction, in: work)
    let logits = Logits(rows: batch.kept.count, words: configuration.vocabularySize)
    computeLogits(0..<batch.kept.count, along: direction, in: work, into: logits)
    return (Array(logits.values.elements), Array(logits.changes.elements))
  }
}

/// The activations of a batch, and how they change.
private final class Derivation {
  let value: LayerActivations
  let change: LayerActivations

  init(_ configuration: GPT2Configuration, positions: Int) {
    value = LayerActivations(configuration, positions: positions)
    change = LayerActivations(configuration, positions: positions)
  }
}

/// The logits of some rows, and how they change.
private struct Logits {
  let values: AlignedBuffer<Float>
  let changes: AlignedBuffer<Float>

  init(rows: Int, words: Int) {
    values = AlignedBuffer(count: rows * words)
    changes = AlignedBuffer(count: rows * words)
  }
}

extension GPT2 {
  private func run(_ batch: TokenBatch, along direction: GPT2, in work: Derivation) {
    embed(batch, into: work.value.stream.pointer)
    direction.embed(batch, into: work.change.stream.pointer)
    for layer in blocks.indices {
      let (block, change) = (blocks[layer], direction.blocks[layer])
      attend(block, change, batch, in: work)
      let isLast = layer == blocks.count - 1
      if isLast {
        for half in [work.value, work.change] {
          half.stream.keep(batch.kept, width: configuration.width)
          half.input.keep(batch.kept, width: configuration.width)
        }
      }
      feed(block, change, positions: isLast ? batch.kept.count : batch.tokens.count, in: work)
    }
    normalize(by: finalNorm, direction.finalNorm, positions: batch.kept.count, in: work)
  }

  private func attend(
    _ block: TransformerBlock, _ change: TransformerBlock, _ batch: TokenBatch, in work: Derivation
  ) {
    normalize(
      by: block.attentionNorm, change.attentionNorm, positions: batch.tokens.count, in: work)
    multiply(
      \.input, positions: batch.tokens.count, by: block.attention, change.attention,
      adding: false, into: \.wide, in: work)
    let (heads, headWidth) = (configuration.headCount, configuration.headWidth)
    for rows in batch.windows {
      let first = rows.lowerBound * configuration.width
      LayerDerivatives.attention(
        qkv: work.value.wide.pointer + 3 * first, changing: work.change.wide.pointer + 3 * first,
        positions: rows.count, heads: heads, headWidth: headWidth,
        into: work.change.input.pointer + first)
      attention(
        qkv: work.value.wide.pointer + 3 * first, positions: rows.count, heads: heads,
        headWidth: headWidth, reach: .causal, into: work.value.input.pointer + first,
        scratch: work.value.scratch)
    }
  }

  private func feed(
    _ block: TransformerBlock, _ change: TransformerBlock, positions: Int, in work: Derivation
  ) {
    multiply(
      \.input, positions: positions, by: block.attentionOutput, change.attentionOutput,
      adding: true, into: \.stream, in: work)
    normalize(by: block.hiddenNorm, change.hiddenNorm, positions: positions, in: work)
    multiply(
      \.input, positions: positions, by: block.hidden, change.hidden, adding: false,
      into: \.wide, in: work)
    let count = positions * configuration.innerWidth
    LayerDerivatives.activation(
      work.value.wide.pointer, changing: work.change.wide.pointer, count: count,
      by: configuration.activation)
    activate(work.value.wide.pointer, count: count, by: configuration.activation)
    multiply(
      \.wide, positions: positions, by: block.hiddenOutput, change.hiddenOutput, adding: true,
      into: \.stream, in: work)
  }

  private func normalize(by norm: Norm, _ change: Norm, positions: Int, in work: Derivation) {
    LayerDerivatives.layerNorm(
      work.value.stream.pointer, changing: work.change.stream.pointer, positions: positions,
      weight: norm.weight.pointer, by: change, epsilon: configuration.layerNormEpsilon,
      into: work.change.input.pointer)
    normalize(by: norm, positions: positions, in: work.value)
  }

  /// d(x · W + b) = dx · W + x · dW + db.
  private func multiply(
    _ x: KeyPath<LayerActivations, AlignedBuffer<Float>>, positions: Int, by linear: Linear,
    _ change: Linear, adding: Bool, into y: KeyPath<LayerActivations, AlignedBuffer<Float>>,
    in work: Derivation
  ) {
    let (value, changed, scratch) = (work.value, work.change, work.value.scratch)
    Models.multiply(
      changed[keyPath: x].pointer, positions: positions, by: linear.weight,
      bias: change.bias.pointer, adding: adding, into: changed[keyPath: y].pointer,
      scratch: scratch)
    Models.multiply(
      value[keyPath: x].pointer, positions: positions, by: change.weight, bias: nil, adding: true,
      into: changed[keyPath: y].pointer, scratch: scratch)
    Models.multiply(
      value[keyPath: x].pointer, positions: positions, by: linear.weight,
      bias: linear.bias.pointer, adding: adding, into: value[keyPath: y].pointer, scratch: scratch)
  }

  private func computeLogits(
    _ rows: Range<Int>, along direction: GPT2, in work: Derivation, into logits: Logits
  ) {
    let first = rows.lowerBound * configuration.width
    let (input, dinput) = (work.value.input.pointer + first, work.change.input.pointer + first)
    let products = [
      (input, head, logits.values, false), (dinput, head, logits.changes, false),
      (input, direction.head, logits.changes, true),
    ]
    for (input, head, output, adding) in products {
      Models.multiply(
        input, positions: rows.count, by: head, bias: nil, adding: adding, into: output.pointer,
        scratch: work.value.scratch)
    }
  }

  private func score(
    _ batch: TokenBatch, along direction: GPT2, steps: [Float], in work: Derivation
  ) -> [LinearizedLikelihood] {
    let words = configuration.vocabularySize
    let logits = Logits(rows: TokenBatch.rowsAtOnce, words: words)
    let row = AlignedBuffer<Float>(count: words)
    var found: [LinearizedLikelihood] = []
    batch.forEachPiece { rows in
      computeLogits(rows, along: direction, in: work, into: logits)
      for index in rows {
        let offset = (index - rows.lowerBound) * words
        let expansion = Expansion(
          values: logits.values.pointer + offset, changes: logits.changes.pointer + offset,
          row: row)
        found.append(expansion.score(Int(batch.targets[index]), steps: steps))
      }
    }
    return found
  }
}

/// The logits of one position, to the first order.
private struct Expansion {
  let values: UnsafePointer<Float>
  let changes: UnsafePointer<Float>
  /// [words], to compute in.
  let row: AlignedBuffer<Float>

  func score(_ target: Int, steps: [Float]) -> LinearizedLikelihood {
    LinearizedLikelihood(derivative: derivative(target), values: values(target, steps: steps))
  }

  /// −log softmax(z + t · dz)[target] at each step t.
  private func values(_ target: Int, steps: [Float]) -> [Float] {
    steps.map { step in
      for word in 0..<row.count { row.pointer[word] = values[word] + step * changes[word] }
      logSoftmax(row.pointer, count: row.count)
      return -row.pointer[target]
    }
  }

  /// Σ_w p[w] · dz[w] − dz[target].
  private func derivative(_ target: Int) -> Float {
    row.pointer.update(from: values, count: row.count)
    softmax(row.pointer, count: row.count)
    var mean = 0.0
    for word in 0..<row.count { mean += Double(row.pointer[word]) * Double(changes[word]) }
    return Float(mean - Double(changes[target]))
  }
}

extension AlignedBuffer {
  fileprivate var elements: UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: pointer, count: count)
  }
}
