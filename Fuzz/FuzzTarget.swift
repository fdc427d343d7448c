import Checkpoints
import Tokenization

/// A reader, and how it is given bytes.
///
/// A reader may return or throw an error of its module that is one line. Anything else, be it a
/// trap, an access that the address sanitizer objects to, another error or a second's time, is a
/// finding.
struct FuzzTarget: Sendable {
  /// By which `tools/fuzz` knows it.
  let name: String
  private let read: @Sendable (UnsafeBufferPointer<UInt8>) throws -> Void

  /// The one that this process runs.
  nonisolated(unsafe) static var current: FuzzTarget?

  init(_ name: String, _ read: @escaping @Sendable (UnsafeBufferPointer<UInt8>) throws -> Void) {
    (self.name, self.read) = (name, read)
  }

  /// Reads bytes, and ends the process where more comes of it than a result or a proper error.
  func run(_ bytes: UnsafeBufferPointer<UInt8>) {
    do {
      try read(bytes)
    } catch let error as CheckpointError {
      FuzzTarget.requireOneLine(error.description)
    } catch let error as TokenizationError {
      FuzzTarget.requireOneLine(error.description)
    } catch {
      preconditionFailure("an error of no module: \(error)")
    }
  }

  private static func requireOneLine(_ description: String) {
    precondition(
      !description.isEmpty && !description.utf8.contains { $0 < 0x20 || $0 == 0x7F },
      "not one line: \(description)")
  }
}
