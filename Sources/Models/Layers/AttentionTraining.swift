import CLayers

/// Attention of one head in one window, forwards and backwards.
///
///     w[p, q] = softmax_q(scale · Σ_d query[p, d] · key[q, d])         for each q in p's reach
///     out[p, d] = Σ_q dropout(w)[p, q] · value[q, d]
///
/// Weights of attention are not kept for the way back but computed anew, for some queries at once. Its
/// products are binary32 whatever the precision of others.
struct TrainedHead {
  /// The head's first channel among the queries of the window's first position.
  let qkv: UnsafePointer<Float>
  /// Elements from a position's queries to the next one's.
  let stride: Int
  /// Elements from queries to keys, and from keys to values.
  let part: Int
  /// How many positions the window has.
  let positions: Int
  /// Channels of all heads together.
  let width: Int
  let headWidth: Int
  /// What scores are multiplied by.
  let scale: Float
  /// Which positions a position attends to.
  let reach: AttentionReach
  let dropout: Dropout
  /// The number of the first weight among those of all heads and positions, and how far apart those
  /// of two positions are.
  let firstWeight: Int
  let weightStride: Int
  let worker: LayerTeam.Worker

  /// Queries whose weights are in memory at once.
  static let queriesAtOnce = 128

  private var keys: Factor { Factor(elements: qkv + part, stride: stride) }
  private var values: Factor { Factor(elements: qkv + 2 * part, stride: stride) }

  /// What heads gather.
  ///
  /// - Parameter out: the head's first channel in the window's first row, rows `width` apart;
  ///   overwritten.
  func forward(into out: UnsafeMutablePointer<Float>) {
    let weights = room(for: 1)[0]
    for block in blocks {
      weigh(block, into: weights)
      drop(weights, block)
      multiply(
        factor(weights, block), values, rows: block.count, columns: headWidth,
        inner: keyCount(block), adding: false, into: out + block.lowerBound * width, stride: width)
    }
  }

  /// The gradients by queries, keys and values.
  ///
  /// - Parameters:
  ///   - dout: the gradient by `out` of ``forward(into:)``.
  ///   - dqkv: laid out as ``qkv``; overwritten.
  func backward(_ dout: UnsafePointer<Float>, into dqkv: UnsafeMutablePointer<Float>) {
    let (dkeys, dvalues) = (dqkv + part, dqkv + 2 * part)
    clear(dkeys)
    clear(dvalues)
    let (weights, dropped, changes) = (room(for: 3)[0], room(for: 3)[1], room(for: 3)[2])
    for block in blocks {
      let (rows, reach) = (block.count, keyCount(block))
      let slope = Factor(elements: dout + block.lowerBound * width, stride: width)
      weigh(block, into: weights)
      dropped.update(from: weights, count: rows * reach)
      drop(dropped, block)
      multiply(
        factor(dropped, block).transposed, slope, rows: reach, columns: headWidth, inner: rows,
        adding: true, into: dvalues, stride: stride)
      multiply(
        slope, values.transposed, rows: rows, columns: reach, inner: headWidth, adding: false,
        into: changes, stride: reach)
      drop(changes, block)
      unweigh(weights, changes, block)
      let scores = factor(changes, block)
      multiply(
        scores, keys, rows: rows, columns: headWidth, inner: reach, adding: false,
        into: dqkv + block.lowerBound * stride, stride: stride)
      multiply(
        scores.transposed, queries(from: block.lowerBound), rows: reach, columns: headWidth,
        inner: rows, adding: true, into: dkeys, stride: stride)
    }
  }

  private var blocks: [Range<Int>] {
    Swift.stride(from: 0, to: positions, by: TrainedHead.queriesAtOnce).map {
      $0..<min($0 + TrainedHead.queriesAtOnce, positions)
    }
  }

  /// How many keys a position attends to.
  private func keyCount(_ position: Int) -> Int { reach == .causal ? position + 1 : positions }

  /// How many keys any position of a block attends to.
  private func keyCount(_ block: Range<Int>) -> Int { keyCount(block.upperBound - 1) }

  private func queries(from first: Int) -> Factor {
    Factor(elements: qkv + first * stride, stride: stride)
  }

  /// Weights of a block, [queries, keys].
  private func factor(_ weights: UnsafePointer<Float>, _ block: Range<Int>) -> Factor {
    Factor(elements: weights, stride: keyCount(block))
  }

  private func room(for count: Int) -> [UnsafeMutablePointer<Float>] {
    let size = TrainedHead.queriesAtOnce * positions
    let bytes = worker.values.bytes(count * size * MemoryLayout<Float>.stride)
    let start = bytes.assumingMemoryBound(to: Float.self)
    return (0..<count).map { start + $0 * size }
  }

  private func clear(_ x: UnsafeMutablePointer<Float>) {
    for position in 0..<positions {
      (x + position * stride).update(repeating: 0, count: headWidth)
    }
  }

  private func weigh(_ block: Range<Int>, into weights: UnsafeMutablePointer<Float>) {
    let keyCount = keyCount(block)
    multiply(
      queries(from: block.lowerBound), keys.transposed, rows: block.count, columns: keyCount,
      inner: headWidth, adding: false, into: weights, stride: keyCount)
    for (row, position) in block.enumerated() {
      layer_loops.best.attention_weights(
        weights + row * keyCount, self.keyCount(position), keyCount, scale)
    }
  }

  /// From the gradient by weights to that by scores.
  private func unweigh(
    _ weights: UnsafePointer<Float>, _ changes: UnsafeMutablePointer<Float>, _ block: Range<Int>
  ) {
    let keyCount = keyCount(block)
    for (row, position) in block.enumerated() {
      layer_loops.best.attention_weights_backward(
        weights + row * keyCount, changes + row * keyCount, self.keyCount(position), keyCount, scale
      )
    }
  }

  private func drop(_ weights: UnsafeMutablePointer<Float>, _ block: Range<Int>) {
    for (row, position) in block.enumerated() {
      dropout.apply(
        weights + row * keyCount(block), first: firstWeight + position * weightStride,
        count: keyCount(position))
    }
  }

  private func multiply(
    _ a: Factor, _ b: Factor, rows: Int, columns: Int, inner: Int, adding: Bool,
    into c: UnsafeMutablePointer<Float>, stride: Int
  ) {
    layer_loops.best.f32.multiply(
      a, b, tile: Tile(rows: 0..<rows, columns: 0..<columns), inner: inner, adding: adding,
      into: c, stride: stride, scratch: worker.scratch)
  }
}
