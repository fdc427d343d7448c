/// Why a model cannot be trained, or no further.
public struct TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of fault, to branch on.
  public enum Reason: Hashable, Sendable {
    /// A text with fewer tokens than a window has.
    case tooShort
    /// A label that stands for no class of the model.
    case unknownClass
    /// A text without tokens.
    case noTokens
    /// A loss or a gradient that is NaN or infinite.
    case nonfinite
    /// A state that is not of this run.
    case otherRun
    /// A state that does not hold what it should.
    case malformed
  }

  /// The kind of fault.
  public let reason: Reason
  /// The file or run at fault.
  public let path: String
  /// What was found, and what it should have been.
  public let detail: String

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - reason: the kind of fault.
  ///   - path: the file or run at fault.
  ///   - detail: what was found, and what it should have been.
  public init(_ reason: Reason, in path: String, _ detail: String) {
    (self.reason, self.path, self.detail) = (reason, path, detail)
  }

  /// One line for a person.
  public var description: String { "\(path): \(detail)" }
}
