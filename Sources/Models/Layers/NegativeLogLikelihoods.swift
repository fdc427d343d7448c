import Glibc

/// How unlikely the target word of each position is, in nats.
///
///     nll[p] = log Σ_w exp(z[p, w]) − z[p, targets[p]],   z[p, w] = Σ_i x[p, i] · head[i, w] + bias[w]
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
  let logits = AlignedBuffer<Float>(count: head.outputs)
  for position in 0..<positions {
    multiply(
      x + position * head.inputs, positions: 1, by: head, bias: bias, adding: false,
      into: logits.pointer, scratch: scratch)
    let row = UnsafeBufferPointer(start: logits.pointer, count: head.outputs)
    let largest = row.max() ?? 0
    let sum = row.reduce(0.0) { $0 + exp(Double($1 - largest)) }
    nll[position] = Float(log(sum) + Double(largest) - Double(row[Int(targets[position])]))
  }
}
