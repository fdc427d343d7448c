import Glibc

/// Probabilities as natural logarithms: those of this test lie far below the least `Double`.
enum LogProbability {
  /// ln P(N > z) of a standard normal N.
  ///
  /// By `erfc` up to z = 8 and by Laplace's continued fraction beyond, where `erfc` would lose
  /// digits and end at 0; relative error of the logarithm below 1e-13. NaN for NaN.
  ///
  /// Source: Abramowitz & Stegun 1964, 26.2.14.
  static func normalTail(_ z: Double) -> Double {
    if z < 0 { return log1p(-erfc(-z / 2.0.squareRoot()) / 2) }
    guard z >= 8 else { return log(erfc(z / 2.0.squareRoot()) / 2) }
    var fraction = z
    for term in (1...60).reversed() { fraction = z + Double(term) / fraction }
    return -z * z / 2 - log(2 * Double.pi) / 2 - log(fraction)
  }

  /// The z for which ``normalTail(_:)`` is `logProbability`, to 1e-9.
  ///
  /// - Precondition: `logProbability` < ln 1/2.
  static func normalQuantile(upperTail logProbability: Double) -> Double {
    precondition(logProbability < log(0.5))
    var (low, high) = (0.0, 1.0)
    while normalTail(high) > logProbability { high *= 2 }
    while high - low > 1e-9 * high {
      let middle = (low + high) / 2
      if normalTail(middle) > logProbability { low = middle } else { high = middle }
    }
    return high
  }

  /// ln P(χ² with 2m degrees of freedom > −2 Σ ln p) for m independent p-values: Fisher's method.
  ///
  ///     ln P = −x + ln Σ_{k<m} x^k / k!,  x = −Σ ln p
  ///
  /// Valid, if conservative, for p-values that are larger than uniform ones. 0 for none.
  ///
  /// Source: Fisher 1925, "Statistical Methods for Research Workers", section 21.1.
  static func fisher(_ logProbabilities: [Double]) -> Double {
    let x = -logProbabilities.reduce(0, +)
    guard x > 0 else { return 0 }
    let terms = logProbabilities.indices.map { Double($0) * log(x) - lgamma(Double($0) + 1) }
    return min(0, logSumOfExponentials(terms) - x)
  }

  /// ln Σ exp(terms), without overflow.
  static func logSumOfExponentials(_ terms: [Double]) -> Double {
    guard let largest = terms.max(), largest.isFinite else { return terms.max() ?? -.infinity }
    return largest + log(terms.reduce(0) { $0 + exp($1 - largest) })
  }

  /// ln n!.
  static func factorial(_ n: Int) -> Double { lgamma(Double(n) + 1) }

  /// ln of the certified p-value of several independent groups: the better of Fisher's method and
  /// of the least p-value times their number, and 2 for having looked at both.
  ///
  ///     ln p = ln 2 + min(Fisher, ln m + min ln p_g), at most 0
  ///
  /// - Parameter logProbabilities: one for each group; each at least uniform under the null.
  /// - Returns: ln p; 0 for no groups.
  static func certified(_ logProbabilities: [Double]) -> Double {
    guard let least = logProbabilities.min() else { return 0 }
    let single = log(Double(logProbabilities.count)) + least
    return min(0, log(2) + min(fisher(logProbabilities), single))
  }

  /// The p-value of Kolmogorov's and Smirnov's test that values come from a distribution.
  ///
  /// The asymptotic law with Stephens's correction for few values. 1 for no values.
  ///
  /// Source: Stephens 1970, "Use of the Kolmogorov-Smirnov, Cramér-von Mises and related
  /// statistics without extensive tables", J. R. Stat. Soc. B 32.
  ///
  /// - Parameter uniforms: the distribution function at each value.
  /// - Returns: p.
  static func kolmogorovSmirnov(_ uniforms: [Double]) -> Double {
    let (sorted, n) = (uniforms.sorted(), Double(uniforms.count))
    guard n > 0 else { return 1 }
    let distance = sorted.enumerated().reduce(0.0) { farthest, value in
      let (below, above) = (Double(value.offset) / n, Double(value.offset + 1) / n)
      return max(farthest, value.element - below, above - value.element)
    }
    let scaled = (n.squareRoot() + 0.12 + 0.11 / n.squareRoot()) * distance
    guard scaled > 0.2 else { return 1 }
    let terms = (1...100).map { k in
      (k.isMultiple(of: 2) ? -2 : 2) * exp(-2 * Double(k * k) * scaled * scaled)
    }
    return min(max(terms.reduce(0, +), 0), 1)
  }
}
