import Glibc

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
  logSoftmax(row, count: count)
  for index in 0..<count { row[index] = exp(row[index]) }
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
  let logits = UnsafeMutableBufferPointer(start: row, count: count)
  let largest = logits.max() ?? 0
  let sum = logits.reduce(0.0) { $0 + exp(Double($1 - largest)) }
  let total = Double(largest) + log(sum)
  for index in 0..<count { row[index] = Float(Double(row[index]) - total) }
}
