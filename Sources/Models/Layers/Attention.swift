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

/// Multi-head causal attention of the next positions of a sequence, whose earlier keys and values
/// are kept.
///
/// The bits are those of ``attention(qkv:positions:heads:headWidth:reach:into:scratch:)`` on the
/// whole sequence, in however many pieces it comes.
///
/// - Parameters:
///   - qkv: [count, 3 · heads · headWidth], of positions `first` ..< `first + count`.
///   - first: the positions that came before.
///   - count: the positions that come now; may be 0.
///   - capacity: the most positions that `cache` has room for.
///   - heads: the number of heads.
///   - headWidth: channels of a head, 1 to 768.
///   - cache: [attention_cache_size], of this sequence and layer; takes the new keys and values.
///   - out: [count, heads · headWidth], row-major; overwritten.
///   - scratch: the calling thread's.
/// - Complexity: 4 · count · (first + count) · heads · headWidth operations.
func attention(
  qkv: UnsafePointer<Float>, after first: Int, count: Int, capacity: Int, heads: Int,
  headWidth: Int, cache: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>,
  scratch: WorkSpace
) {
  precondition(first >= 0 && count >= 0 && first + count <= capacity)
  precondition(heads > 0 && 1...widestHead ~= headWidth)
  layer_loops.best.attend_onward(
    qkv, first, count, capacity, heads, headWidth, cache, out,
    scratch.bytes(attention_scratch(capacity, headWidth)))
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

/// Channels of a head that a tile of queries has room for.
let widestHead = 768
