import Glibc

extension LogProbability {
  /// ln P(T > t) of Student's t.
  ///
  ///     P = I_x(ν/2, 1/2) / 2 for t ≥ 0,  x = ν / (ν + t²)
  ///
  /// with I the regularized incomplete beta function; error of the logarithm below 1e-10 relative
  /// or absolute, whichever is larger. −∞ for t = ∞, NaN for NaN.
  ///
  /// Source: Abramowitz & Stegun 1964, 26.7.1.
  ///
  /// - Parameters:
  ///   - t: any number.
  ///   - degrees: of freedom, ν, positive.
  /// - Returns: at most 0.
  static func studentTail(_ t: Double, degrees: Double) -> Double {
    guard t >= 0 else { return t.isNaN ? t : log1p(-exp(studentTail(-t, degrees: degrees))) }
    guard t.isFinite else { return -.infinity }
    let total = degrees + t * t
    let logs = (log(degrees) - log(total), log(t * t) - log(total))
    return log(0.5)
      + incompleteBeta(degrees / total, degrees / 2, 0.5, logX: logs.0, logRest: logs.1)
  }

  /// ln I_x(a, b), given ln x and ln(1 − x) besides.
  ///
  /// Source: Abramowitz & Stegun 1964, 26.5.8, which converges fast for x below the mean; above it
  /// by I_x(a, b) = 1 − I_{1−x}(b, a).
  private static func incompleteBeta(
    _ x: Double, _ a: Double, _ b: Double, logX: Double, logRest: Double
  ) -> Double {
    guard x < (a + 1) / (a + b + 2) else {
      return log1p(-exp(incompleteBeta(1 - x, b, a, logX: logRest, logRest: logX)))
    }
    guard x > 0 else { return a * logX - log(a) - logBeta(a, b) }
    return a * logX + b * logRest - log(a) - logBeta(a, b) - log(betaFraction(x, a, b))
  }

  private static func logBeta(_ a: Double, _ b: Double) -> Double {
    lgamma(a) + lgamma(b) - lgamma(a + b)
  }

  /// 1 + d₁/(1 + d₂/(1 + …)), by Lentz's method.
  ///
  /// Source: Thompson & Barnett 1986, "Coulomb and Bessel functions of complex arguments and
  /// order", J. Comput. Phys. 64, for the method.
  private static func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    func nonzero(_ value: Double) -> Double { value.magnitude < 1e-300 ? 1e-300 : value }
    var (value, up, down) = (1.0, 1.0, 0.0)
    for index in 1...20_000 {
      let m = Double(index / 2)
      let term =
        index.isMultiple(of: 2)
        ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      down = 1 / nonzero(1 + term * down)
      up = nonzero(1 + term / up)
      value *= up * down
      if (up * down - 1).magnitude < 1e-15 { break }
    }
    return value
  }
}
