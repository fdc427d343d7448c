import Glibc

/// What a test of a common origin found.
public struct OriginFinding: Sendable {
  /// The answer.
  public enum Verdict: String, Sendable {
    /// All parameters have the same bits.
    case identical = "IDENTICAL"
    /// Certified by the weights as they are.
    case shared = "SHARED INITIALIZATION"
    /// Certified once the residual stream of A was rotated onto B's.
    case sharedAfterAlignment = "SHARED AFTER RESIDUAL ALIGNMENT"
    /// Certified by tokens that no text contained.
    case sharedByUnusedTokens = "SHARED BY UNUSED TOKENS"
    /// Hidden units match by two views, which is no certificate.
    case similar = "SIMILAR AFTER MATCHING, NOT CERTIFIED"
    /// Nothing that chance could not have done.
    case notDetected = "NOT DETECTED"
    /// The negative controls failed.
    case controlsFailed = "CONTROLS FAILED, NO VERDICT"
    /// No group of units can be compared.
    case untestable = "UNTESTABLE"

    /// Whether a common origin is certified, or certain.
    public var isShared: Bool {
      switch self {
      case .identical, .shared, .sharedAfterAlignment, .sharedByUnusedTokens: true
      case .similar, .notDetected, .controlsFailed, .untestable: false
      }
    }
  }

  /// One test that was carried out.
  public struct Stage: Sendable {
    /// `direct`, `residual alignment` or `unused tokens`.
    public let name: String
    /// What each group of units tells.
    public let evidence: [UnitEvidence]
    /// How many stages were planned, for which the p-values below are corrected.
    public let planned: Int

    /// ln of the certified p-value.
    public var logCertified: Double {
      min(0, LogProbability.certified(evidence.map(\.logRankBound)) + log(Double(planned)))
    }
    /// ln of Fisher's combination of the normal tails of the z; uniform under the null.
    public var logCalibrated: Double { LogProbability.fisher(evidence.map(\.logNormalTail)) }
    /// ln of Fisher's combination of the Monte Carlo p-values; `nil` if there are none.
    public var logMonteCarlo: Double? {
      let values = evidence.compactMap(\.logMonteCarlo)
      return values.isEmpty ? nil : LogProbability.fisher(values)
    }
  }

  /// The answer.
  public internal(set) var verdict = Verdict.untestable
  /// The tests carried out, in order.
  public internal(set) var stages: [Stage] = []
  /// The negative controls.
  public internal(set) var controls = NegativeControls(z: [])
  /// How hidden units match by two views; `nil` if that was not looked at.
  public internal(set) var twoViews: TwoViewMatch?
  /// Which layer of A became which of B; `nil` if that was not asked for.
  public internal(set) var layerMap: LayerMap?
  /// The published statistic, to compare with; `nil` if that was not asked for.
  public internal(set) var published: PublishedStatistic?
  /// What was compared, tensor by tensor.
  public internal(set) var pairing: CheckpointPairing
  /// The difference of each pair; descriptive.
  public internal(set) var differences: [TensorDifference]
  /// Matrices of the same bits that are not constant: frozen, or computed.
  public internal(set) var frozen: [String] = []
  /// What else a reader should know, one sentence each.
  public internal(set) var remarks: [String] = []
  /// ln of the level of the test.
  public let logLevel: Double
  /// The family by whose names units were found, or an empty string.
  public internal(set) var family = ""

  init(pairing: CheckpointPairing, differences: [TensorDifference], logLevel: Double) {
    (self.pairing, self.differences, self.logLevel) = (pairing, differences, logLevel)
  }

  /// ln of the p-value that goes with the verdict: that of the stage that certifies, or of the
  /// first one. NaN if nothing was tested, as when all bits are the same.
  public var logCertified: Double {
    let values = stages.map(\.logCertified) + (layerMap.map { [$0.logCertified] } ?? [])
    return values.first { $0 <= logLevel } ?? values.first ?? .nan
  }

  /// The mean correlation of units of the same label that would have been found with
  /// probability 0.95, going by z; approximate. NaN without a direct test.
  ///
  ///     (z_{1−α} + 1.645) · (Σ_g m_g² / Var_g)^{−1/2}, m_g the units of group g
  public var detectionLimit: Double {
    guard let evidence = stages.first?.evidence else { return .nan }
    let information = evidence.reduce(0.0) { sum, group in
      let rows = Double(group.trace.rows)
      return group.trace.variance > 0 ? sum + rows * rows / group.trace.variance : sum
    }
    let quantile = LogProbability.normalQuantile(upperTail: min(logLevel, log(0.4)))
    return (quantile + 1.645) / information.squareRoot()
  }
}
