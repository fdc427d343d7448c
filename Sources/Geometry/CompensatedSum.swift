/// A sum that carries the rounding error of its additions along.
///
/// The error of n additions is about 2u + n²u² relative to the sum of magnitudes, u = 2^-53,
/// where plain summation has n·u.
///
/// Source: Neumaier 1974, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher
/// Summen", ZAMM 54.
struct CompensatedSum: Hashable, Codable, Sendable {
  private var sum = 0.0
  private var error = 0.0

  /// The value; infinite or NaN as a plain sum would be.
  var value: Double { sum.isFinite ? sum + error : sum }

  static func += (left: inout CompensatedSum, term: Double) {
    let total = left.sum + term
    left.error +=
      left.sum.magnitude >= term.magnitude
      ? (left.sum - total) + term : (term - total) + left.sum
    left.sum = total
  }

  static func += (left: inout CompensatedSum, right: CompensatedSum) {
    left += right.sum
    left.error += right.error
  }
}
