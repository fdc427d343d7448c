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
  /// - Parameters:
  ///   - logits: [vocabulary], not empty; overwritten by log-probabilities.
  ///   - filter: [vocabulary], logits by which, at temperature 1, `topK` and `topP` choose tokens;
  ///     of those, `logits` at the temperature say how likely each is. Overwritten too; `nil` if
  ///     `logits` do both.
  /// - Returns: the tokens; `nil` if a logit is NaN or +∞, or all are −∞, of either or of the tokens
  ///   chosen.
  /// - Complexity: O(vocabulary) on average.
  public mutating func nucleus(
    of logits: UnsafeMutableBufferPointer<Float>,
    filteredBy filter: UnsafeMutableBufferPointer<Float>? = nil
  ) -> Nucleus? {
    guard let likeliest = normalize(logits) else { return nil }
    if let filter { return nucleus(of: logits, amongChosenBy: filter) }
    if rule.isGreedy { return only(likeliest, logits) }
    choose(by: logits, highest: logits[likeliest], temperature: rule.temperature)
    return Nucleus(
      candidates.map {
        .init(id: $0.id, weight: $0.weight, logProbability: logits[Int($0.id)])
      })
  }

  private mutating func nucleus(
    of logits: UnsafeMutableBufferPointer<Float>,
    amongChosenBy filter: UnsafeMutableBufferPointer<Float>
  ) -> Nucleus? {
    guard let first = normalize(filter) else { return nil }
    guard rule.topP > 0 else { return only(first, logits) }
    choose(by: filter, highest: filter[first], temperature: 1)
    let ids = candidates.map(\.id)
    let values = ids.map { logits[Int($0)] }
    let highest = values.max() ?? -.infinity
    guard highest > -.infinity else { return nil }
    if rule.temperature == 0 {
      return only(values.firstIndex(of: highest).map { Int(ids[$0]) } ?? first, logits)
    }
    let temperature = temperature(rule.temperature)
    var weights = values.map { ($0 - highest) / temperature }
    weights.withUnsafeMutableBufferPointer { weights in
      if let first = weights.baseAddress { softmax(first, count: weights.count) }
    }
    return Nucleus(
      ids.indices.map {
        .init(id: ids[$0], weight: weights[$0], logProbability: values[$0])
      })
  }

  /// Leaves log-probabilities; the place of the largest, or `nil` if they are NaN.
  private func normalize(_ logits: UnsafeMutableBufferPointer<Float>) -> Int? {
    guard let first = logits.baseAddress else { return nil }
    logSoftmax(first, count: logits.count)
    return likeliest(logits)
  }

  private func only(_ id: Int, _ logits: UnsafeMutableBufferPointer<Float>) -> Nucleus? {
    Nucleus([.init(id: Int32(id), weight: 1, logProbability: logits[id])])
  }

  /// Leaves the tokens that the rule lets stay in `candidates`, with their weights.
  private mutating func choose(
    by logits: UnsafeMutableBufferPointer<Float>, highest: Float, temperature: Double
  ) {
    weigh(logits, highest: highest, temperature: self.temperature(temperature))
    collect()
    if let topK = rule.topK, topK < candidates.count {
      keep(reaching: Double(topK)) { _ in 1 }
    }
    if rule.topP < 1 {
      let total = rule.topK == nil ? total(weights) : total(candidates.map(\.weight))
      keep(reaching: rule.topP * total) { Double($0.weight) }
    }
  }

  private func temperature(_ temperature: Double) -> Float {
    Float(max(temperature, Double(Float.leastNormalMagnitude)))
  }

  /// The first of the largest; `nil` if they are NaN.
  private func likeliest(_ logits: UnsafeMutableBufferPointer<Float>) -> Int? {
    var (place, largest) = (0, logits[0])
    for index in logits.indices where logits[index] > largest {
      (place, largest) = (index, logits[index])
    }
    return largest.isNaN ? nil : place
  }

  private mutating func weigh(
    _ logits: UnsafeMutableBufferPointer<Float>, highest: Float, temperature: Float
  ) {
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
