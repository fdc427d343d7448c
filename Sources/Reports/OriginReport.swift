import Geometry
import Glibc
import Tensors

/// What a test of a common origin found, for people and machines.
public struct OriginReport: Sendable {
  /// What was found.
  public let finding: OriginFinding
  private let labels: (a: String, b: String)

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - finding: what was found.
  ///   - labels: of A and of B.
  public init(_ finding: OriginFinding, labels: (a: String, b: String)) {
    (self.finding, self.labels) = (finding, labels)
  }

  /// The screen that a person reads.
  public var lines: [String] {
    ([
      "A = \(labels.a), B = \(labels.b)"
        + (finding.family.isEmpty ? "" : "; names of \(finding.family)")
    ] + frozen + verdict + effect + stages + published + controls + matching + layers + descriptive
      + finding.remarks.map { "note        \($0)" }).map(\.escapedForTerminal)
  }

  private var frozen: [String] {
    let names = finding.frozen
    guard !names.isEmpty, finding.verdict != .identical else { return [] }
    let listed = names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
    return [
      "same bits   \(names.count) matri\(names.count == 1 ? "x has" : "ces have") the same bits in "
        + "both: \(listed)"
    ]
  }

  private var verdict: [String] {
    switch finding.verdict {
    case .identical: return ["IDENTICAL   every parameter has the same bits in both"]
    case .untestable: return ["UNTESTABLE  no group of units can be compared; see the notes"]
    default: break
    }
    let planned = finding.stages.first?.planned ?? 1
    let certified = "\(finding.verdict.isShared ? " (certified)" : "")"
    let level = "level \(exp(finding.logLevel).brief)"
    let stages = "\(planned) stage\(planned == 1 ? "" : "s") planned"
    return [
      "\(finding.verdict.rawValue)\(certified)   log10 p <= "
        + "\(finding.logCertified.decimalLogarithm)   [\(level), \(stages)]"
    ] + explanation
  }

  private var explanation: [String] {
    switch finding.verdict {
    case .notDetected:
      [
        "            which is no proof of independence: a mean correlation of "
          + "\(finding.detectionLimit.brief) between units of one label",
        "            would have been found with probability 0.95 (approximate), "
          + "unless the units were put in another order",
      ]
    case .similar:
      ["            hidden units match in another order, for which there is no p-value"]
    case .controlsFailed:
      [
        "            layers that have nothing to do with each other look alike: the layout is not "
          + "as assumed,", "            labels are not exchangeable, or layers were copied",
      ]
    case .sharedByUnusedTokens: OriginReport.neutral + OriginReport.condition
    default: OriginReport.neutral
    }
  }

  private static let neutral = [
    "            one descends from the other, both from one ancestor, or one random seed started "
      + "both:", "            the test does not say which",
  ]

  /// Training on like data makes the rows of tokens that occur alike in any two models.
  private static let condition = [
    "            if no text that trained either contained these tokens: rows of tokens that occur "
      + "are",
    "            alike in independent models too",
  ]

  private var effect: [String] {
    guard let evidence = finding.decidingStage?.evidence else { return [] }
    let kinds = UnitKind.allCases.compactMap { kind -> String? in
      let values = evidence.filter { $0.kind == kind }.map(\.likeness)
      guard let least = values.min(), let greatest = values.max() else { return nil }
      let mean = values.reduce(0, +) / Double(values.count)
      let range = values.count > 1 ? " (\(least.brief) to \(greatest.brief))" : ""
      return "\(kind.rawValue) \(mean.brief)\(range)"
    }
    let units = evidence.reduce(0) { $0 + $1.ranks.count }
    let firsts = evidence.reduce(0) { $0 + $1.firsts }
    return [
      "effect      mean correlation of units of one label: \(kinds.joined(separator: ", "))",
      "            \(firsts.grouped) of \(units.grouped) units are most like their namesake",
    ]
  }

  private var stages: [String] {
    finding.stages.map { stage in
      let shuffled = stage.logMonteCarlo.map { ", Monte Carlo \($0.decimalLogarithm)" } ?? ""
      return "\(stage.name.padded(to: 11)) \(stage.evidence.count) groups: log10 p certified "
        + "\(stage.logCertified.decimalLogarithm), by z "
        + "\(stage.logCalibrated.decimalLogarithm)\(shuffled)"
    }
  }

  private var published: [String] {
    guard let published = finding.published else { return [] }
    let correlations = published.layers.map(\.correlation)
    let range = correlations.min().flatMap { least in
      correlations.max().map { ", Spearman's r \(least.brief) to \($0.brief)" }
    }
    return [
      "phi_U       \(published.layers.count) layers: log10 p "
        + "\(published.logCombined.decimalLogarithm)\(range ?? ""); published statistic, asymptotic"
    ]
  }

  private var controls: [String] {
    let controls = finding.controls
    guard !controls.z.isEmpty else { return [] }
    return [
      "controls    layer i against i + 1: \(controls.z.count) z, mean \(controls.average.brief), "
        + "sd \(controls.deviation.brief), Kolmogorov-Smirnov p "
        + "\(controls.kolmogorovSmirnov.brief): \(controls.areSound ? "sound" : "not sound")"
    ]
  }

  private var matching: [String] {
    guard let match = finding.twoViews, match.units > 0 else { return [] }
    return [
      "matching    \(match.agreeing.grouped) of \(match.units.grouped) hidden units choose the "
        + "same unit by two views; a score, no p-value"
    ]
  }

  private var layers: [String] {
    guard let map = finding.layerMap else { return [] }
    let pairs = zip(map.layersOfA, map.assignment).compactMap { layer, position in
      position.map { "\(layer)→\(map.layersOfB[$0])" }
    }
    guard !pairs.isEmpty else { return ["layers      none match"] + LayerHeatMap(map).lines }
    return [
      "layers      A→B: \(pairs.joined(separator: ", ")); by all units of these log10 p certified "
        + map.logCertified.decimalLogarithm
    ] + LayerHeatMap(map).lines
  }

  private var descriptive: [String] {
    var total = TensorDifference()
    for difference in finding.differences { total.merge(difference) }
    guard total.count > 0 else { return [] }
    return [
      "tensors     R = ‖A − B‖ / √(‖A‖² + ‖B‖²) = \(total.unlikeness.brief) (1 if unrelated), "
        + "cosine \(total.cosine.brief); descriptive"
    ]
  }
}

extension OriginFinding {
  /// The stage that certifies, or the first one.
  var decidingStage: Stage? { stages.first { $0.logCertified <= logLevel } ?? stages.first }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(width - count, 0))
  }
}
