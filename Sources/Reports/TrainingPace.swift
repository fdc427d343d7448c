import JSON

/// How long steps of training took, for people and machines, but never for result files: those of a run
/// that was stopped and taken up again have the same bytes as those of a run in one piece.
public struct TrainingPace: Hashable, Sendable {
  /// Steps that were taken.
  public let steps: Int
  /// Tokens, or texts with classes, that they predicted.
  public let targets: Int
  /// The time from the first step's beginning to the last one's end, validation and what was kept on
  /// disk included.
  public let seconds: Double

  /// Describes a pace.
  ///
  /// - Parameters:
  ///   - steps: that were taken; not negative.
  ///   - targets: that they predicted.
  ///   - seconds: that they took.
  public init(steps: Int, targets: Int, seconds: Double) {
    (self.steps, self.targets, self.seconds) = (steps, targets, seconds)
  }

  /// Targets per second; 0 if no time has passed.
  public var rate: Double { seconds > 0 ? Double(targets) / seconds : 0 }

  /// The pace of some steps and others after them.
  ///
  /// - Parameter other: of the others.
  /// - Returns: of all.
  public func adding(_ other: TrainingPace) -> TrainingPace {
    TrainingPace(
      steps: steps + other.steps, targets: targets + other.targets,
      seconds: seconds + other.seconds)
  }

  /// What a person reads.
  ///
  /// - Parameter unit: what is predicted, such as "tokens".
  /// - Returns: steps, seconds and rate.
  func line(_ unit: String) -> String {
    "\(steps) steps in \(seconds.brief) s, \(Int(rate.rounded())) \(unit)/s"
  }

  /// A JSON object.
  ///
  /// - Parameter unit: what is predicted, such as "tokens".
  /// - Returns: members `kind`, `steps`, `seconds` and the rate, named for the unit.
  func json(_ unit: String) -> String {
    jsonObject([
      ("kind", jsonString("pace")), ("steps", "\(steps)"), ("seconds", "\(seconds)"),
      ("\(unit)_per_second", "\(rate)"),
    ])
  }
}
