import Checkpoints
import Glibc

/// A file, or standard input, read once from start to end.
final class TextInput {
  /// The name for messages.
  let path: String
  private let descriptor: Int32

  private static let chunkByteCount = 1 << 20

  /// Opens a file, or standard input for `-`.
  ///
  /// - Throws: `CheckpointError` if it cannot be opened.
  init(_ argument: String) throws {
    path = argument == "-" ? "standard input" : argument
    descriptor = argument == "-" ? STDIN_FILENO : open(argument, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable("opened") }
  }

  deinit { if descriptor > STDIN_FILENO { close(descriptor) } }

  /// The next bytes, none at the end.
  ///
  /// - Throws: `CheckpointError` if reading fails.
  func chunk() throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: TextInput.chunkByteCount) { buffer, count in
      var found: Int
      repeat {
        found = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      } while found < 0 && errno == EINTR
      guard found >= 0 else { throw unreadable("read") }
      count = found
    }
  }

  /// All bytes that are left.
  ///
  /// - Throws: `CheckpointError` if reading fails.
  func rest() throws -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let next = try chunk()
      guard !next.isEmpty else { return bytes }
      bytes += next
    }
  }

  private func unreadable(_ what: String) -> CheckpointError {
    CheckpointError(
      .unreadable, in: path, "cannot be \(what): \(String(cString: strerror(errno)))")
  }
}
