import Glibc

/// Standard errors of ratios Σ x / Σ t over independent documents, by the delta method.
///
///     se² = n / (n − 1) · Σ (x_d − r t_d)² / (Σ t)²,   r = Σ x / Σ t
///
/// over n documents. The documents' lengths are taken as random as well, which is what drawing
/// documents means.
///
/// Source: Cochran 1977, "Sampling Techniques", section 2.11.
enum RatioError {
  /// The standard error for residuals x_d − r t_d.
  ///
  /// - Parameters:
  ///   - residuals: one for each document; their sum is 0 but for rounding.
  ///   - total: Σ t.
  /// - Returns: NaN for fewer than two documents.
  static func standardError(_ residuals: [Double], _ total: Int) -> Double {
    guard residuals.count > 1 else { return .nan }
    let count = Double(residuals.count)
    let squares = residuals.reduce(0) { $0 + $1 * $1 }
    return (count / (count - 1) * squares).squareRoot() / Double(total)
  }
}

/// Σ x / Σ t over independent clusters, and its standard error.
///
/// The mean of numbers that come in clusters, such as those of the texts of one prompt, is such a
/// ratio: x is a cluster's sum, t how many numbers it has.
public struct RatioEstimate: Hashable, Sendable {
  /// Σ x / Σ t; NaN if Σ t is 0.
  public let value: Double
  /// Over clusters, as ``RatioError`` takes it; NaN for fewer than two.
  public let standardError: Double

  /// Takes the ratio.
  ///
  /// - Parameters:
  ///   - sums: x of each cluster.
  ///   - counts: t of each, not negative. Clusters of 0 count as clusters.
  public init(sums: [Double], counts: [Int]) {
    precondition(sums.count == counts.count)
    let total = counts.reduce(0, +)
    let value = sums.reduce(0, +) / Double(total)
    self.value = value
    standardError = RatioError.standardError(
      zip(sums, counts).map { $0 - value * Double($1) }, total)
  }

  /// A value with an error that was taken otherwise, or none.
  ///
  /// - Parameters:
  ///   - value: the value.
  ///   - standardError: NaN if it is not known.
  public init(value: Double, standardError: Double) {
    (self.value, self.standardError) = (value, standardError)
  }
}

/// e^x; other files need not import the system's library.
func exponential(_ x: Double) -> Double { exp(x) }

/// ln x.
func logarithm(_ x: Double) -> Double { log(x) }
