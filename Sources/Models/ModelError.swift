import Tensors

/// Why a model cannot be made or run, where, and what was found there.
public struct ModelError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of fault, to branch on.
  public enum Reason: Hashable, Sendable {
    /// A setting that this package has no model for.
    case unsupported
    /// A setting that is missing where nothing else tells it.
    case unknown
    /// A tensor that is missing.
    case missing
    /// Settings and shapes that do not agree.
    case mismatch
    /// Weights that are NaN or infinite.
    case nonfinite
    /// A token that the vocabulary does not have, or more tokens than the context holds.
    case unusableTokens
  }

  /// The kind of fault.
  public let reason: Reason
  /// The file or mixture at fault.
  public let path: String
  /// The tensor at fault, or `nil` when it is none.
  public let tensor: TensorName?
  /// What was found, and what it should have been.
  public let detail: String

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - reason: the kind of fault.
  ///   - path: the file or mixture at fault.
  ///   - tensor: the tensor at fault, if it is one.
  ///   - detail: what was found, and what it should have been.
  public init(_ reason: Reason, in path: String, tensor: TensorName? = nil, _ detail: String) {
    (self.reason, self.path, self.tensor, self.detail) = (reason, path, tensor, detail)
  }

  /// One line for a person: place, what was found, what it should have been.
  public var description: String {
    let place = tensor.map { ": tensor '\($0)'" } ?? ""
    return path.escapedForTerminal + place + ": " + detail.escapedForTerminal
  }
}
