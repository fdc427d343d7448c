import CLayers

/// Causal attention of one head in one window, forwards and backwards.
///
///     w[p, q] = softmax_q(scale · Σ_d query[p, d] · key[q, d])         for q ≤ p
///     out[p, d] = Σ_q dropout(w)[p, q] · value[q, d]
///
/// Weights of attention are not kept for the way back but computed anew, for some queries at once. Its
/// products are binary32 whatever the precision of others.
struct TrainedHead {
  /// The head's first channel among the queries of the window's first position; keys and values
  /// follow `width` and 2 · `width` further on.
  let qkv: UnsafePointer<Float>
  /// How many positions the window has.
  let positions: Int
  /// Channels of all heads together.
  let width: Int
  let headWidth: Int
  /// What scores are multiplied by.
  let scale: Float
  let dropout: Dropout
  /// The number of the first weight among those of all heads and positions, and how far apart those
  /// of two positions are.
  let firstWeight: Int
  let weightStride: Int
  let worker: LayerTeam.Worker

  /// Queries whose weights are in memory at once.
  static let queriesAtOnce = 128

  private var queries: Factor { Factor(elements: qkv, stride: 3 * width) }
  private var keys: Factor { Factor(elements: qkv + width, stride: 3 * width) }
  private var values: Factor { Factor(elements: qkv + 2 * width, stride: 3 * width) }

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
        inner: block.upperBound, adding: false, into: out + block.lowerBound * width, stride: width)
    }
  }

  /// The gradients by queries, keys and values.
  ///
  /// - Parameters:
  ///   - dout: the gradient by `out` of ``forward(into:)``.
  ///   - dqkv: laid out as ``qkv``; overwritten.
  func backward(_ dout: UnsafePointer<Float>, into dqkv: UnsafeMutablePointer<Float>) {
    let (dkeys, dvalues) = (dqkv + width, dqkv + 2 * width)
    clear(dkeys)
    clear(dvalues)
    let (weights, dropped, changes) = (room(for: 3)[0], room(for: 3)[1], room(for: 3)[2])
    for block in blocks {
      let (rows, reach) = (block.count, block.upperBound)
      let slope = Factor(elements: dout + block.lowerBound * width, stride: width)
      weigh(block, into: weights)
      dropped.update(from: weights, count: rows * reach)
      drop(dropped, block)
      multiply(
        factor(dropped, block).transposed, slope, rows: reach, columns: headWidth, inner: rows,
        adding: true, into: dvalues, stride: 3 * width)
      multiply(
        slope, values.transposed, rows: rows, columns: reach, inner: headWidth, adding: false,
        into: changes, stride: reach)
      drop(changes, block)
      unweigh(weights, changes, block)
      let scores = factor(changes, block)
      multiply(
        scores, keys, rows: rows, columns: headWidth, inner: reach, adding: false,
        into: dqkv + block.lowerBound * 3 * width, stride: 3 * width)
      multiply(
        scores.transposed, queries(from: block.lowerBound), rows: reach, columns: headWidth,
        inner: rows, adding: true, into: dkeys, stride: 3 * width)
    }
  }

  private var blocks: [Range<Int>] {
    stride(from: 0, to: positions, by: TrainedHead.queriesAtOnce).map {
      $0..<min($0 + TrainedHead.queriesAtOnce, positions)
    }
  }

  private func queries(from first: Int) -> Factor {
    Factor(elements: qkv + first * 3 * width, stride: 3 * width)
  }

  /// Weights of a block, [queries, reach].
  private func factor(_ weights: UnsafePointer<Float>, _ block: Range<Int>) -> Factor {
    Factor(elements: weights, stride: block.upperBound)
  }

  private func room(for count: Int) -> [UnsafeMutablePointer<Float>] {
    let size = TrainedHead.queriesAtOnce * positions
    let bytes = worker.values.bytes(count * size * MemoryLayout<Float>.stride)
    let start = bytes.assumingMemoryBound(to: Float.self)
    return (0..<count).map { start + $0 * size }
  }

  private func clear(_ x: UnsafeMutablePointer<Float>) {
    for position in 0..<positions {
      (x + position * 3 * width).update(repeating: 0, count: headWidth)
    }
  }

  private func weigh(_ block: Range<Int>, into weights: UnsafeMutablePointer<Float>) {
    multiply(
      queries(from: block.lowerBound), keys.transposed, rows: block.count,
      columns: block.upperBound, inner: headWidth, adding: false, into: weights,
      stride: block.upperBound)
    for (row, position) in block.enumerated() {
      layer_loops.best.attention_weights(
        weights + row * block.upperBound, position + 1, block.upperBound, scale)
    }
  }

  /// From the gradient by weights to that by scores.
  private func unweigh(
    _ weights: UnsafePointer<Float>, _ changes: UnsafeMutablePointer<Float>, _ block: Range<Int>
  ) {
    for (row, position) in block.enumerated() {
      layer_loops.best.attention_weights_backward(
        weights + row * block.upperBound, changes + row * block.upperBound, position + 1,
        block.upperBound, scale)
    }
  }

  private func drop(_ weights: UnsafeMutablePointer<Float>, _ block: Range<Int>) {
    for (row, position) in block.enumerated() {
      dropout.apply(
        weights + row * block.upperBound, first: firstWeight + position * weightStride,
        count: position + 1)
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
