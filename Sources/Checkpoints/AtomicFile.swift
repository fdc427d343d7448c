private import CTemporaries
private import CWriteback
import Glibc
import Synchronization
import Tensors

/// A file being written, whose path holds either what was there before or all of the new bytes.
///
/// The bytes go to a temporary sibling, which is synced and then renamed; the folder is synced
/// too. The sibling goes when the last reference does, or when SIGINT, SIGTERM, SIGHUP or SIGQUIT
/// ends the process; only SIGKILL and a crash of the system leave it.
public final class AtomicFile: Sendable {
  /// Where the bytes are until they are all there.
  public let temporaryPath: String
  private let path: String
  private let target: String
  private let descriptor: Int32
  private let byteCount = Atomic(0)
  private let writtenCount = Atomic(0)
  private let isPlaced = Atomic(false)
  private let note: TemporaryNote

  /// Bytes after which the system is told to begin writing them to the disk.
  private static let syncInterval = 1 << 26

  /// Creates the sibling.
  ///
  /// - Parameter path: the file to create or replace; a symbolic link stays one.
  /// - Throws: ``OutputError`` if the sibling cannot be created.
  public init(replacing path: String) throws {
    self.path = path
    target = resolvingLinks(path)
    temporaryPath = temporarySibling(of: target)
    note = TemporaryNote(temporaryPath)  // before the file is there, lest a signal fall between
    descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      isPlaced.store(true, ordering: .relaxed)  // what lies there is another's
      throw OutputError(path, "be created")
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !isPlaced.load(ordering: .relaxed) { unlink(temporaryPath) }
  }

  /// Appends bytes to those that were appended so far.
  ///
  /// - Parameter bytes: what comes next.
  /// - Throws: ``OutputError`` if they cannot all be written.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    try write(bytes, at: byteCount.load(ordering: .relaxed))
    byteCount.wrappingAdd(bytes.count, ordering: .relaxed)
  }

  /// Writes bytes somewhere; several threads may, each in a place of its own.
  ///
  /// - Parameters:
  ///   - bytes: what to write.
  ///   - offset: from the start of the file; it grows as it must.
  /// - Throws: ``OutputError`` if they cannot all be written.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let count = pwrite(descriptor, rest.baseAddress, rest.count, offset + done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw OutputError(path, "take byte \(offset + done)") }
      done += count
    }
    beginSync(after: bytes.count)
  }

  /// Lets the system write to the disk what there is, each time much has come, so that
  /// ``commit()`` waits less for it. Failures show there.
  private func beginSync(after count: Int) {
    let before = writtenCount.wrappingAdd(count, ordering: .relaxed).oldValue
    guard before / AtomicFile.syncInterval < (before + count) / AtomicFile.syncInterval else {
      return
    }
    begin_writeback(descriptor)
  }

  /// Puts the file in place.
  ///
  /// - Throws: ``OutputError`` if it cannot be synced or renamed; nothing has changed then.
  public func commit() throws {
    guard fsync(descriptor) == 0 else { throw OutputError(path, "be synced") }
    guard rename(temporaryPath, target) == 0 else { throw OutputError(path, "be put in place") }
    isPlaced.store(true, ordering: .relaxed)
    syncFolder(of: target)
  }
}

/// Writes a file so that its path holds either what was there before or all of the new bytes.
///
/// - Parameters:
///   - bytes: the whole content.
///   - path: the file to create or replace.
/// - Throws: ``OutputError`` if that cannot be done; nothing is left behind then.
public func writeAtomically(_ bytes: [UInt8], to path: String) throws {
  let file = try AtomicFile(replacing: path)
  try bytes.withUnsafeBytes { try file.write($0) }
  try file.commit()
}

/// The file that a path leads to, so that a symbolic link stays one.
func resolvingLinks(_ path: String) -> String {
  guard let resolved = realpath(path, nil) else { return path }
  defer { free(resolved) }
  return String(cString: resolved)
}

/// A path beside another that no other process uses.
func temporarySibling(of path: String) -> String { path + ".\(getpid()).partial" }

/// A temporary file or folder that goes when a signal ends the process; forgotten with the last
/// reference, when whoever made it has put it in place or removed it.
final class TemporaryNote: Sendable {
  private let number: Int32

  /// Notes a path.
  init(_ path: String) { number = temporary_note(path) }

  deinit { temporary_forget(number) }
}

/// Why a file could not be written.
public struct OutputError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file that was to be written.
  public let path: String
  private let reason: String

  /// One line: the path, what could not be done, and the system's reason.
  public var description: String { "\(path.escapedForTerminal): \(reason)" }

  init(_ path: String, _ action: String) {
    (self.path, reason) = (path, "cannot \(action): \(systemMessage(errno))")
  }

  /// Creates an error that the system did not raise.
  ///
  /// - Parameters:
  ///   - path: the file that was to be written.
  ///   - reason: why it was not.
  public init(_ path: String, because reason: String) {
    (self.path, self.reason) = (path, reason)
  }

  /// The same about a file that will lie elsewhere.
  func moved(from old: String, to new: String) -> OutputError {
    path.hasPrefix(old) ? OutputError(new + path.dropFirst(old.count), because: reason) : self
  }
}

/// Makes a renaming last.
func syncFolder(of path: String) {
  let descriptor = open(folder(of: path), O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}
