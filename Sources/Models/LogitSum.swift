/// Weighs logits of several models against each other.
///
///     z[w] = Σᵢ cᵢ zᵢ[w]
///
/// Products and sums are taken in binary64, in the order of the models, and rounded once. The logits
/// of one model with coefficient 1 keep their bits.
///
/// - Parameters:
///   - terms: at least one: a coefficient, and logits [count].
///   - count: how many there are of each.
///   - z: [count], apart from all terms; every element is overwritten.
/// - Complexity: O(terms × count), no allocation beyond 4 KiB.
///
/// Source: arXiv 2211.12092, section 3.2; Liu et al. 2021, "DExperts: Decoding-Time Controlled Text
/// Generation with Experts and Anti-Experts", section 2.2.
func sumLogits(
  _ terms: [(coefficient: Double, logits: UnsafePointer<Float>)], count: Int,
  into z: UnsafeMutablePointer<Float>
) {
  withUnsafeTemporaryAllocation(of: Double.self, capacity: sumLength) { sums in
    guard let sums = sums.baseAddress else { return }
    for first in stride(from: 0, to: count, by: sumLength) {
      let length = min(sumLength, count - first)
      for (index, term) in terms.enumerated() {
        weigh(term.logits + first, by: term.coefficient, length, isFirst: index == 0, into: sums)
      }
      for word in 0..<length { z[first + word] = Float(sums[word]) }
    }
  }
}

/// How many sums are taken at once.
private let sumLength = 512

@inline(__always)
private func weigh(
  _ logits: UnsafePointer<Float>, by coefficient: Double, _ count: Int, isFirst: Bool,
  into sums: UnsafeMutablePointer<Double>
) {
  if isFirst {
    for word in 0..<count { sums[word] = coefficient * Double(logits[word]) }
  } else {
    for word in 0..<count { sums[word] += coefficient * Double(logits[word]) }
  }
}
