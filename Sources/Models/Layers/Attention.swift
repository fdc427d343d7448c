import CLayers

/// Which positions a position attends to.
public enum AttentionReach: Hashable, Sendable {
  /// Itself and those before it, as in GPT-2.
  case causal
  /// All of the sequence, as in RoBERTa.
  case full
}

/// Multi-head attention within one sequence.
///
///     s[p, q] = Σ_d query[p, d] · key[q, d] / √headWidth      for each q in p's reach
///     out[p, d] = Σ_q softmax_q(s[p, q]) · value[q, d]        for each head
///
/// Scores are kept for at most twelve positions of a head at once. With causal reach the bits of a
/// position depend on no later position.
///
/// - Parameters:
///   - qkv: [positions, 3 · heads · headWidth], row-major: queries, keys, values, each of them
///     head by head, as GPT-2's `attn.c_attn` gives them.
///   - positions: the length of the sequence; may be 0.
///   - heads: the number of heads.
///   - headWidth: channels of a head, 1 to 768.
///   - reach: which positions are attended to.
///   - out: [positions, heads · headWidth], row-major; overwritten.
///   - scratch: the calling thread's.
/// - Complexity: 4 · positions² · heads · headWidth operations, half of them if causal.
///
/// Source: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.
public func attention(
  qkv: UnsafePointer<Float>, positions: Int, heads: Int, headWidth: Int, reach: AttentionReach,
  into out: UnsafeMutablePointer<Float>, scratch: WorkSpace
) {
  layer_loops.best.attention(
    qkv: qkv, positions: positions, heads: heads, headWidth: headWidth, reach: reach, into: out,
    scratch: scratch)
}

extension layer_loops {
  func attention(
    qkv: UnsafePointer<Float>, positions: Int, heads: Int, headWidth: Int, reach: AttentionReach,
    into out: UnsafeMutablePointer<Float>, scratch: WorkSpace
  ) {
    precondition(positions >= 0 && heads > 0 && 1...widestHead ~= headWidth)
    attend(
      qkv, positions, heads, headWidth, reach == .causal, out,
      scratch.bytes(attention_scratch(positions, headWidth)))
  }
}

/// What a tile of queries has room for.
private let widestHead = 768
