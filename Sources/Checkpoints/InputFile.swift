import CMapping
import Glibc

/// How the bytes of tensors are fetched.
public enum InputMode: String, CaseIterable, Sendable {
  /// Through a memory mapping: no copy. A file that shrinks meanwhile is noticed. If a file
  /// cannot be mapped, as `pread`.
  case mapped
  /// By `pread` into a buffer: for network file systems, or to keep file pages out of the
  /// process's resident set. Strided views are mapped all the same.
  case pread
}

/// One regular file, open for reading from start to end of a run.
///
/// Size and modification time are taken when it is opened and compared when it has been read,
/// so that a result never mixes two versions of a file unnoticed.
public final class InputFile: Sendable {
  /// The path it was opened by.
  public let path: String
  /// Its size in bytes when it was opened.
  public let byteCount: Int
  private let descriptor: Int32
  private let modified: timespec
  nonisolated(unsafe) private let mapping: guarded_mapping?
  private let mode: InputMode

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - path: the file; a symbolic link is followed.
  ///   - mode: how to read tensors. A file that cannot be mapped is read by `pread`.
  /// - Throws: ``CheckpointError`` if it cannot be opened or is no regular file.
  public init(_ path: String, mode: InputMode = .mapped) throws {
    let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard opened >= 0 else {
      throw CheckpointError(.unreadable, in: path, "cannot be opened: \(systemMessage(errno))")
    }
    var status = stat()
    guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(opened)
      throw CheckpointError(.unreadable, in: path, "is not a regular file")
    }
    (self.path, descriptor) = (path, opened)
    (byteCount, modified) = (status.st_size, status.st_mtim)
    let attempt = guarded_mapping_create(opened, status.st_size)
    mapping = attempt.address == nil ? nil : attempt
    self.mode = mode
  }

  deinit {
    if let mapping { guarded_mapping_destroy(mapping) }
    close(descriptor)
  }

  /// The bytes of a range: in place if the file is mapped, else read into `scratch`.
  ///
  /// - Parameters:
  ///   - range: byte offsets within the file as it was opened.
  ///   - scratch: at least as many bytes as `range`; used only where the file is not mapped.
  /// - Returns: memory that is valid while this file lives and `scratch` is not written to.
  /// - Throws: ``CheckpointError`` if the file ends before the range does.
  /// - Precondition: the range lies within the file; `TensorRecord` sees to that.
  public func bytes(
    _ range: Range<Int>, scratch: UnsafeMutableRawBufferPointer
  ) throws -> UnsafeRawBufferPointer {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount)
    if isMapped, let bytes = mappedBytes(range) { return bytes }
    precondition(scratch.count >= range.count)
    let target = UnsafeMutableRawBufferPointer(rebasing: scratch[..<range.count])
    try read(range.lowerBound, into: target)
    return UnsafeRawBufferPointer(target)
  }

  /// A copy of a range, for headers.
  ///
  /// - Parameter range: byte offsets within the file.
  /// - Returns: the bytes.
  /// - Throws: ``CheckpointError`` if the file ends before the range does.
  public func copy(_ range: Range<Int>) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      try read(range.lowerBound, into: UnsafeMutableRawBufferPointer(buffer))
      count = range.count
    }
  }

  /// Whether ``bytes(_:scratch:)`` needs no scratch memory.
  public var isMapped: Bool { mode == .mapped && mapping != nil }

  /// The bytes of a range in place, whatever the mode, or `nil` if the file cannot be mapped.
  ///
  /// For strided elements, which would take a `pread` each.
  ///
  /// - Parameter range: byte offsets within the file.
  /// - Returns: memory that is valid while this file lives.
  func mappedBytes(_ range: Range<Int>) -> UnsafeRawBufferPointer? {
    guard let mapping else { return nil }
    return UnsafeRawBufferPointer(start: mapping.address + range.lowerBound, count: range.count)
  }

  /// Gives back the page tables of a part of the file that was read through the mapping.
  ///
  /// The system would do so when the file is closed, on one thread, which takes a tenth of the
  /// time of a walk. Bytes stay valid: a page that is touched again is mapped again.
  ///
  /// - Parameters:
  ///   - part: which part, from 0.
  ///   - parts: into how many the file is divided.
  public func releasePages(part: Int, of parts: Int) {
    precondition(part >= 0 && part < parts)
    if let mapping { guarded_mapping_release(mapping, part, parts) }
  }

  /// Checks that what was read is the file that was opened.
  ///
  /// - Throws: ``CheckpointError`` if a mapped page vanished, or size or time changed.
  public func verifyUnchanged() throws {
    if let mapping, guarded_mapping_is_broken(mapping) { throw truncated }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_size == byteCount,
      status.st_mtim.tv_sec == modified.tv_sec, status.st_mtim.tv_nsec == modified.tv_nsec
    else {
      throw CheckpointError(
        .changedWhileReading, in: path,
        status.st_size == byteCount
          ? "was written to while being read: its modification time changed"
          : "changed while being read: \(byteCount) bytes when opened, \(status.st_size) now")
    }
  }

  private var truncated: CheckpointError {
    CheckpointError(
      .changedWhileReading, in: path,
      "truncated while being read: fewer than the \(byteCount) bytes it had when opened")
  }

  private func read(_ offset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < target.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
      let count = Glibc.pread(descriptor, rest.baseAddress, rest.count, offset + done)
      if count < 0 && errno == EINTR { continue }
      if count == 0 { throw truncated }
      guard count > 0 else {
        throw CheckpointError(
          .unreadable, in: path, "cannot be read at byte \(offset + done): \(systemMessage(errno))")
      }
      done += count
    }
  }
}

func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }
