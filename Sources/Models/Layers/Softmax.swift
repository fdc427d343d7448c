import CLayers

/// Replaces a row of logits by probabilities.
///
///     p[w] = exp(z[w]) / Σ_v exp(z[v])
///
/// −∞ gives 0. All are NaN if a logit is NaN or +∞, or if all are −∞.
///
/// - Parameters:
///   - row: [count]; overwritten.
///   - count: the number of logits; may be 0.
/// - Complexity: O(count), no allocation.
public func softmax(_ row: UnsafeMutablePointer<Float>, count: Int) {
  precondition(count >= 0)
  layer_loops.best.softmax(row, count)
}

/// Replaces a row of logits by log-probabilities, in nats.
///
///     l[w] = z[w] − log Σ_v exp(z[v])
///
/// −∞ stays. All are NaN if a logit is NaN or +∞, or if all are −∞.
///
/// - Parameters:
///   - row: [count]; overwritten.
///   - count: the number of logits; may be 0.
/// - Complexity: O(count), no allocation.
public func logSoftmax(_ row: UnsafeMutablePointer<Float>, count: Int) {
  precondition(count >= 0)
  layer_loops.best.log_softmax(row, count)
}

/// Where the largest of some logits is.
///
/// - Parameter logits: at least one.
/// - Returns: its position; the first of equals. NaN is never the largest.
func largestIndex(_ logits: UnsafeBufferPointer<Float>) -> Int {
  logits.indices.reduce(0) { logits[$1] > logits[$0] ? $1 : $0 }
}
