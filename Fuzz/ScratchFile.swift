import Checkpoints
import Glibc

/// A file in memory that takes one content after another, for readers that want a file.
final class ScratchFile: Sendable {
  private let descriptor: CInt
  /// By which it can be opened; no folder has it.
  let path: String

  /// The one that all targets of a process share.
  static let shared = ScratchFile()

  private init() {
    var template = Array("/dev/shm/fuzz-XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    precondition(descriptor >= 0, "no file can be made in /dev/shm")
    unlink(template)
    path = "/proc/self/fd/\(descriptor)"
  }

  /// Replaces the content.
  func write(_ bytes: UnsafeBufferPointer<UInt8>) {
    precondition(ftruncate(descriptor, off_t(bytes.count)) == 0)
    precondition(pwrite(descriptor, bytes.baseAddress, bytes.count, 0) == bytes.count)
  }

  /// Opens the file with another content.
  func opened(_ bytes: UnsafeBufferPointer<UInt8>) throws -> InputFile {
    write(bytes)
    return try InputFile(path)
  }
}
