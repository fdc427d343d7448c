import Glibc
import Tensors

/// Writes a file so that its path holds either what was there before or all of the new bytes.
///
/// The bytes go to a temporary sibling, which is synced and then renamed; the folder is synced
/// too. A run that is killed leaves at most the sibling.
///
/// - Parameters:
///   - bytes: the whole content.
///   - path: the file to create or replace.
/// - Throws: ``OutputError`` if that cannot be done; nothing is left behind then.
public func writeAtomically(_ bytes: [UInt8], to path: String) throws {
  let target = resolvingLinks(path)
  let temporary = target + ".\(getpid()).partial"
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw OutputError(path, "be created") }
  do {
    defer { close(descriptor) }
    try write(bytes, to: descriptor, path: path)
    guard rename(temporary, target) == 0 else { throw OutputError(path, "be put in place") }
  } catch {
    unlink(temporary)
    throw error
  }
  syncFolder(of: target)
}

/// The file that a path leads to, so that a symbolic link stays one.
private func resolvingLinks(_ path: String) -> String {
  guard let resolved = realpath(path, nil) else { return path }
  defer { free(resolved) }
  return String(cString: resolved)
}

/// Why a file could not be written.
public struct OutputError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One line: the path, what could not be done, and the system's reason.
  public let description: String

  init(_ path: String, _ action: String) {
    description = "\(path.escapedForTerminal): cannot \(action): \(systemMessage(errno))"
  }

  /// Creates an error that the system did not raise.
  ///
  /// - Parameters:
  ///   - path: the file that was to be written.
  ///   - reason: why it was not.
  public init(_ path: String, because reason: String) {
    description = "\(path.escapedForTerminal): \(reason)"
  }
}

private func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws {
  try bytes.withUnsafeBytes { buffer in
    var done = 0
    while done < buffer.count {
      let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw OutputError(path, "take byte \(done) of \(buffer.count)")
      }
      done += count
    }
  }
  guard fsync(descriptor) == 0 else { throw OutputError(path, "be synced") }
}

private func syncFolder(of path: String) {
  let components = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
  let folder = components.joined(separator: "/")
  let descriptor = open(components.isEmpty ? "." : folder + "/", O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}
