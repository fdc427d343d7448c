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

/// e^x; other files need not import the system's library.
func exponential(_ x: Double) -> Double { exp(x) }

/// ln x.
func logarithm(_ x: Double) -> Double { log(x) }
