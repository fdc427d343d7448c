import Tensors

/// What is wrong with a checkpoint, where, and what was found there.
public struct CheckpointError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of fault, to branch on.
  public enum Reason: Hashable, Sendable {
    /// No such file, folder or model id, or no permission to read it.
    case unreadable
    /// A folder that holds no checkpoint, or several with no rule to choose by.
    case noCheckpoint
    /// Bytes that break the rules of their format.
    case malformed
    /// A valid file of a kind, or with an element type, that this tool does not read.
    case unsupported
    /// An index and its shards that do not agree, or a shard that is missing.
    case incomplete
    /// A pickle that asks for more than describing tensors.
    case unsafePickle
    /// The file shrank, or was written to, between opening it and the end of reading.
    case changedWhileReading
  }

  /// The kind of fault.
  public let reason: Reason
  /// The file at fault.
  public let path: String
  /// The tensor at fault, or `nil` when it is the file itself.
  public let tensor: TensorName?
  /// What was found, and what it should have been.
  public let detail: String

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - reason: the kind of fault.
  ///   - path: the file at fault.
  ///   - tensor: the tensor at fault, if it is one.
  ///   - detail: what was found, and what it should have been.
  public init(
    _ reason: Reason, in path: String, tensor: TensorName? = nil, _ detail: String
  ) {
    (self.reason, self.path, self.tensor, self.detail) = (reason, path, tensor, detail)
  }

  /// One line for a person: place, what was found, what it should have been. A name or a text of a
  /// file that is no line to read is cut.
  public var description: String {
    let place = tensor.map { ": tensor '\($0.text.shortened(to: 200).escapedForTerminal)'" } ?? ""
    return path.escapedForTerminal + place + ": " + detail.shortened(to: 600).escapedForTerminal
  }
}
