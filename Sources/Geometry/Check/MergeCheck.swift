import Checkpoints
import Glibc
import Tensors

/// One line of a check before a merge.
public struct CheckLine: Hashable, Sendable {
  /// How bad it is.
  public enum Level: String, CaseIterable, Sendable {
    /// As it should be.
    case ok = "OK"
    /// A merge works, and may not give what is wanted.
    case warning = "WARN"
    /// A merge fails, or gives noise.
    case failure = "FAIL"
  }

  /// How bad it is.
  public let level: Level
  /// What was looked at, in one word.
  public let topic: String
  /// What was found.
  public let text: String

  init(_ level: Level, _ topic: String, _ text: String) {
    (self.level, self.topic, self.text) = (level, topic, text)
  }
}

/// Whether two checkpoints can be merged: all that can be known from their files before the work.
public struct MergeCheck: Sendable {
  private let a: ParameterList
  private let b: ParameterList
  private let base: ParameterList?
  private let origin: OriginTest.Options
  private let resources: WalkResources

  /// Plans a check.
  ///
  /// - Parameters:
  ///   - a: one model.
  ///   - b: the other.
  ///   - base: what both were fine-tuned from, if that is known.
  ///   - origin: how to test for a common initialization.
  ///   - resources: how much of the machine to use.
  public init(
    _ a: ParameterList, _ b: ParameterList, base: ParameterList?, origin: OriginTest.Options,
    resources: WalkResources
  ) {
    (self.a, self.b, self.base, self.origin) = (a, b, base, origin)
    self.resources = resources
  }

  /// Looks at everything.
  ///
  /// - Returns: a line for each thing looked at.
  /// - Throws: `CheckpointError` if a file cannot be read.
  public func run() throws -> [CheckLine] {
    let pairing = CheckpointPairing(base: a, other: b)
    return try ParameterCheck(a, b, pairing).lines + FolderCheck(a, b).lines()
      + ValueCheck(a, b, resources).lines() + originLines() + taskVectorLines()
  }

  private func originLines() throws -> [CheckLine] {
    do {
      return [originLine(try OriginTest(a, b, options: origin, resources: resources).run())]
    } catch let error as CheckpointError {
      return [CheckLine(.failure, "origin", "cannot be tested: \(error)")]
    }
  }

  private func originLine(_ finding: OriginFinding) -> CheckLine {
    let verdict = finding.verdict.rawValue.lowercased()
    let certified = (finding.logCertified / log(10)).rounded(.down)
    switch finding.verdict {
    case .identical: return CheckLine(.warning, "origin", "the two are the same model")
    case .shared, .sharedByUnusedTokens:
      return CheckLine(.ok, "origin", "\(verdict), log10 p <= \(certified)")
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

  private func taskVectorLines() throws -> [CheckLine] {
    guard let base else { return [] }
    let pairings = [a, b].map { CheckpointPairing(base: base, other: $0) }
    let found = try TaskVectorAgreement.measure(pairings[0], pairings[1], using: resources)
    guard found.moved > 0 else {
      return [CheckLine(.warning, "task vectors", "no weight was moved by both")]
    }
    // Independent signs conflict in half of the elements.
    let level: CheckLine.Level = found.conflictShare > 0.55 ? .warning : .ok
    return [
      CheckLine(
        level, "task vectors",
        "cosine \(found.cosine.threeDigits), opposite signs in \(found.conflictShare.percent) of "
          + "\(found.moved) weights that both moved")
    ]
  }
}

extension Double {
  /// The number with three decimal places.
  fileprivate var threeDigits: String { String((self * 1000).rounded() / 1000) }
  /// The number as a percentage with one decimal place.
  fileprivate var percent: String { "\((self * 1000).rounded() / 10) %" }
}
