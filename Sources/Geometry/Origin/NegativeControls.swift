import Glibc

/// The same statistic on pairs of groups whose labels have nothing to do with each other: layer i
/// of A against layer i + 1 of B.
///
/// Their z is standard normal even if the models share an initialization. If it is not, either
/// labels are not exchangeable or the tensors are not laid out as assumed, and no verdict can be
/// trusted. Models that were made deeper by copying layers fail for a good reason.
public struct NegativeControls: Hashable, Sendable {
  /// Units of A looked at in each: their z is as normal for a sample, and it costs less.
  static let rows = 512

  /// The z of each control.
  public let z: [Double]

  /// Mean of the z; 0 if there are none.
  public var average: Double { z.isEmpty ? 0 : z.reduce(0, +) / Double(z.count) }

  /// Standard deviation of the z about 0, the mean they should have; 1 if there are none.
  public var deviation: Double {
    z.isEmpty ? 1 : (z.reduce(0) { $0 + $1 * $1 } / Double(z.count)).squareRoot()
  }

  /// The p-value of Kolmogorov's and Smirnov's test that the z are standard normal.
  public var kolmogorovSmirnov: Double {
    LogProbability.kolmogorovSmirnov(z.map { 1 - exp(LogProbability.normalTail($0)) })
  }

  /// Whether the z look as they should: not spread by more than 1.5 beyond what chance can do,
  /// and not shaped otherwise. Either has a chance of one in a thousand to fail by accident.
  public var areSound: Bool {
    (deviation <= 1.5 || logSpreadProbability >= NegativeControls.logLimit)
      && log(kolmogorovSmirnov) >= NegativeControls.logLimit
  }

  private static let logLimit = log(1e-3)

  /// ln of the probability that Σ z² is as large as it is.
  ///
  /// Source: Wilson & Hilferty 1931, "The Distribution of Chi-Square", PNAS 17.
  private var logSpreadProbability: Double {
    let n = Double(z.count)
    guard n > 0 else { return 0 }
    let spread = 2 / (9 * n)
    let root = cbrt(z.reduce(0) { $0 + $1 * $1 } / n)
    return LogProbability.normalTail((root - 1 + spread) / spread.squareRoot())
  }
}
