import CLayers

/// How unlikely the target word of each position is, in nats.
///
///     nll[p] = log Σ_w exp(z[p, w]) − z[p, targets[p]]
///     z[p, w] = Σ_i x[p, i] · head[i, w] + bias[w]
///
/// Logits are computed in blocks of words, and none is kept beyond its block. The bits of a
/// position depend on no other position.
///
/// - Parameters:
///   - x: [positions, inputs], row-major.
///   - positions: the rows of x; may be 0.
///   - head: [inputs, words].
///   - bias: [words], or none.
///   - targets: [positions], each a word.
///   - nll: [positions]; overwritten. NaN if a logit is NaN or all are −∞ or one is +∞.
///   - scratch: the calling thread's.
/// - Precondition: targets are words of the head.
/// - Complexity: 2 · positions · inputs · words operations.
public func negativeLogLikelihoods(
  _ x: UnsafePointer<Float>, positions: Int, head: PackedMatrix,
  bias: UnsafePointer<Float>? = nil, targets: UnsafePointer<Int32>,
  into nll: UnsafeMutablePointer<Float>, scratch: WorkSpace
) {
  layer_loops.best.negativeLogLikelihoods(
    x, positions: positions, head: head, bias: bias, targets: targets, into: nll, scratch: scratch)
}

extension layer_loops {
  func negativeLogLikelihoods(
    _ x: UnsafePointer<Float>, positions: Int, head: PackedMatrix, bias: UnsafePointer<Float>?,
    targets: UnsafePointer<Int32>, into nll: UnsafeMutablePointer<Float>, scratch: WorkSpace
  ) {
    precondition(positions >= 0)
    let words = 0..<Int32(clamping: head.outputs)
    precondition((0..<positions).allSatisfy { words ~= targets[$0] })
    self[head.precision].likelihoods(
      x, positions, head.packed, bias, targets, nll, scratch.bytes(product_scratch()))
  }
}
