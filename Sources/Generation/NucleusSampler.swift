import Models

/// Finds the tokens that a rule leaves to draw from.
///
/// - Note: One thread at a time.
public struct NucleusSampler {
  private let rule: SamplingRule
  private var weights: [Float] = []
  private var candidates: [Candidate] = []

  /// Creates a sampler.
  ///
  /// - Parameter rule: what stays.
  public init(_ rule: SamplingRule) { self.rule = rule }

  /// The tokens that may come next.
  ///
  /// - Parameter logits: [vocabulary], not empty; overwritten by log-probabilities.
  /// - Returns: the tokens; `nil` if a logit is NaN or +∞, or all are −∞.
  /// - Complexity: O(vocabulary) on average.
  public mutating func nucleus(of logits: UnsafeMutableBufferPointer<Float>) -> Nucleus? {
    guard let first = logits.baseAddress else { return nil }
    logSoftmax(first, count: logits.count)
    guard let likeliest = likeliest(logits) else { return nil }
    if rule.isGreedy {
      return Nucleus([.init(id: Int32(likeliest), weight: 1, logProbability: logits[likeliest])])
    }
    weigh(logits, highest: logits[likeliest])
    collect()
    if let topK = rule.topK, topK < candidates.count {
      keep(reaching: Double(topK)) { _ in 1 }
    }
    if rule.topP < 1 {
      let total = rule.topK == nil ? total(weights) : total(candidates.map(\.weight))
      keep(reaching: rule.topP * total) { Double($0.weight) }
    }
    return Nucleus(
      candidates.map {
        .init(id: $0.id, weight: $0.weight, logProbability: logits[Int($0.id)])
      })
  }

  /// The first of the largest; `nil` if they are NaN.
  private func likeliest(_ logits: UnsafeMutableBufferPointer<Float>) -> Int? {
    var (place, largest) = (0, logits[0])
    for index in logits.indices where logits[index] > largest {
      (place, largest) = (index, logits[index])
    }
    return largest.isNaN ? nil : place
  }

  private mutating func weigh(_ logits: UnsafeMutableBufferPointer<Float>, highest: Float) {
    let temperature = Float(max(rule.temperature, Double(Float.leastNormalMagnitude)))
    if weights.count != logits.count { weights = Array(repeating: 0, count: logits.count) }
    weights.withUnsafeMutableBufferPointer { weights in
      for index in weights.indices {
        weights[index] = (logits[index] - highest) / temperature
      }
      if let first = weights.baseAddress { softmax(first, count: weights.count) }
    }
  }

  /// Takes the tokens that may stay, in the order of ids.
  ///
  /// All that weigh less than (1 − topP) · total / vocabulary together weigh less than what topP
  /// leaves out, so that none of them stays. Half of that is safe from rounding.
  private mutating func collect() {
    let isSharePlain = rule.topK == nil
    let floor = (1 - rule.topP) * total(weights) / Double(weights.count) / 2
    let least = isSharePlain ? Float(floor) : 0
    candidates.removeAll(keepingCapacity: true)
    for (id, weight) in weights.enumerated() where weight > 0 && weight >= least {
      candidates.append(Candidate(weight: weight, id: Int32(id)))
    }
  }

  private func total(_ weights: [Float]) -> Double { weights.reduce(0) { $0 + Double($1) } }

  /// Keeps the fewest first candidates whose measures sum to a target, in the order of ids.
  private mutating func keep(reaching target: Double, _ measure: (Candidate) -> Double) {
    var order = candidates
    let kept = order.selectPrefix(reaching: target, measure)
    guard let last = order[..<kept].max(by: { $0.precedes($1) }) else { return }
    candidates.removeAll { last.precedes($0) }
  }
}
