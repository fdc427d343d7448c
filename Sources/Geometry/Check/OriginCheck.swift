import Checkpoints
import Glibc

/// Whether two models share an initialization, and their units are in one order.
struct OriginCheck {
  private let a: ParameterList
  private let b: ParameterList
  private let options: OriginTest.Options
  private let resources: WalkResources

  init(
    _ a: ParameterList, _ b: ParameterList, options: OriginTest.Options, _ resources: WalkResources
  ) {
    (self.a, self.b, self.options, self.resources) = (a, b, options, resources)
  }

  /// The line for the origin.
  func line() -> CheckLine {
    do {
      let finding = try OriginTest(a, b, options: options, resources: resources).run()
      return OriginCheck.line(finding)
    } catch { return CheckLine(.warning, "origin", "not tested: \(error)") }
  }

  private static func line(_ finding: OriginFinding) -> CheckLine {
    let verdict = finding.verdict.rawValue.lowercased()
    switch finding.verdict {
    case .identical:
      return CheckLine(.warning, "origin", "the two are the same model, and so is any mixture")
    case .shared: return shared(finding)
    case .sharedByUnusedTokens:
      return CheckLine(
        .warning, "origin", "\(verdict) alone: other units have drifted apart, or changed places")
    case .sharedAfterAlignment, .similar:
      return CheckLine(
        .failure, "origin", "\(verdict): units are in another order or basis; align them first")
    case .notDetected:
      return CheckLine(
        .failure, "origin", "no shared initialization was detected, so a mixture is likely noise")
    case .controlsFailed, .untestable:
      let reason = finding.remarks.first.map { ": " + $0 } ?? ""
      return CheckLine(.warning, "origin", verdict + reason)
    }
  }

  /// A certificate for the whole model leaves room for groups whose units changed places.
  private static func shared(_ finding: OriginFinding) -> CheckLine {
    let certified = Int((finding.logCertified / log(10)).rounded(.down))
    let stray = (finding.stages.first?.evidence ?? []).filter(isStray)
    guard !stray.isEmpty else {
      return CheckLine(.ok, "origin", "shared initialization, log10 p <= \(certified)")
    }
    return CheckLine(
      .failure, "origin",
      "shared initialization, but units are no more alike than by chance in "
        + "\(ParameterCheck.listed(stray.map(\.name))): align them first")
  }

  /// Groups of fewer units than this cannot be told from chance.
  private static let leastUnits = 8

  private static func isStray(_ group: UnitEvidence) -> Bool {
    group.varies && group.blockLength >= leastUnits && group.logRankBound > log(0.01)
  }
}
