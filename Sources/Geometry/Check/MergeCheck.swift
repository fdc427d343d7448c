import Checkpoints

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
    return try ParameterCheck(a, b, pairing).lines + [
      ConfigurationCheck(a, b).line(), TokenCheck(a, b).line(),
    ]
      + ValueCheck(a, b, resources).lines()
      + [OriginCheck(a, b, options: origin, resources).line()] + taskVectorLines()
  }

  private func taskVectorLines() throws -> [CheckLine] {
    guard let base else { return [] }
    let pairings = [a, b].map { CheckpointPairing(base: base, other: $0) }
    return [try TaskVectorAgreement.measure(pairings[0], pairings[1], using: resources).line]
  }
}
