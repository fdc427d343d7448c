import CTemporaries
import Checkpoints
import Glibc

/// The finished rows of a long run, on disk as soon as they are finished.
///
/// A journal is a folder of files of lines, one file for each process that works on the run. A row
/// is written by one call and synced before anything else happens, so a run that is killed at any
/// moment loses at most the row in hand, and the same run begun again finds the others. Every line
/// has a checksum; what is torn is left out and cut off.
///
/// While a journal is open, SIGINT, SIGTERM, SIGHUP and SIGQUIT end the process at once with
/// ``interruptedExitCode``: the same command goes on where it was stopped.
public final class Journal {
  /// The finished rows of this run, whichever process finished them: JSON by key.
  public private(set) var rows: [String: String] = [:]
  /// The exit code of a run that was told to stop and can be taken up again, EX_TEMPFAIL.
  public static let interruptedExitCode: Int32 = 75
  private let folder: String
  private let path: String
  private let descriptor: Int32

  /// Opens a journal, or begins one.
  ///
  /// - Parameters:
  ///   - folder: where its files are; created if need be.
  ///   - run: what tells this run from others: equal only if rows of one may stand for the other's.
  ///   - shard: which part of the run this process works on, if it is one of several. It begins a
  ///     file of its own then, even if another process has the same part, or had it and was killed;
  ///     a process that has all rows goes on with the file of the one before.
  ///   - discardingOthers: whether rows of another run go, instead of being an error.
  /// - Throws: `OutputError` if the folder holds rows of another run, another process writes the file
  ///   of all rows, or a file cannot be read or written.
  public init(
    in folder: String, run: String, shard: Shard? = nil, discardingOthers: Bool = false
  ) throws {
    guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
      throw OutputError(folder, because: "cannot be created: \(String(cString: strerror(errno)))")
    }
    self.folder = folder
    (path, descriptor) = try shard.map { try Journal.begin($0, in: folder) } ?? Journal.open(folder)
    exit_code_when_told_to_end(Journal.interruptedExitCode)
    if try !readRows(of: run, discardingOthers: discardingOthers) {
      try append([.header(run: run)])
    }
  }

  /// Opens the file of a process that has all rows.
  private static func open(_ folder: String) throws -> (path: String, descriptor: Int32) {
    let path = "\(folder)/rank-0000.jsonl"
    let descriptor = Glibc.open(
      path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else { throw fault(path, "be opened") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      close(descriptor)
      throw OutputError(path, because: "another process is writing it")
    }
    return (path, descriptor)
  }

  /// The most processes that may have begun the same part of a run.
  private static let mostAttempts = 100_000

  /// Creates a file that no other process has. Two that create it at once find out without locks,
  /// which not all file systems have.
  private static func begin(
    _ shard: Shard, in folder: String
  ) throws -> (path: String, descriptor: Int32) {
    for attempt in 1...mostAttempts {
      let path = "\(folder)/shard-\(shard.index + 1)-of-\(shard.count).\(attempt).jsonl"
      let descriptor = Glibc.open(
        path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return (path, descriptor) }
      guard errno == EEXIST else { throw fault(path, "be created") }
    }
    throw OutputError(folder, because: "has \(mostAttempts) journals of shard \(shard)")
  }

  deinit {
    guard descriptor >= 0 else { return }
    exit_code_when_told_to_end(0)
    close(descriptor)
  }

  /// Adds a finished row; when this returns it is on disk.
  ///
  /// - Parameters:
  ///   - key: of the row.
  ///   - value: JSON.
  /// - Throws: `OutputError` if it cannot be written; what was written before is still there.
  public func append(_ key: String, _ value: String) throws { try append([(key, value)]) }

  /// Adds finished rows; when this returns they are on disk.
  ///
  /// - Parameter rows: keys and their JSON. A run that is killed meanwhile finds the first ones, or
  ///   none.
  /// - Throws: `OutputError` if they cannot be written; what was written before is still there.
  public func append(_ rows: [(key: String, value: String)]) throws {
    guard !rows.isEmpty else { return }
    try append(rows.map { .row(key: $0.key, value: $0.value) })
    for row in rows { self.rows[row.key] = row.value }
  }

  /// Removes the journal, once its rows are where they belong.
  ///
  /// Files of other processes, and the folder while it holds any, stay.
  public func remove() {
    unlink(path)
    rmdir(folder)
  }

  private func append(_ lines: [JournalLine]) throws {
    var text = lines.map(\.text).joined()
    guard text.withUTF8({ writeAll($0) }) else { throw Journal.fault(path, "be appended to") }
    guard fdatasync(descriptor) == 0 else { throw Journal.fault(path, "be synced") }
  }

  /// Writes on after a write that took less, as at the limit of a file: only the next one tells why.
  private func writeAll(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  /// Takes the rows of all files; whether this process's file says already what it is of.
  private func readRows(of run: String, discardingOthers: Bool) throws -> Bool {
    var isBegun = false
    for file in try Journal.files(in: folder) {
      let bytes = try Journal.bytes(of: file)
      let whole = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
      if file == path, whole < bytes.count, ftruncate(descriptor, off_t(whole)) != 0 {
        throw Journal.fault(path, "lose its torn last line")
      }
      let lines = bytes[..<whole].split(separator: UInt8(ascii: "\n")).compactMap(JournalLine.init)
      guard !isOfAnotherRun(lines, run) else {
        try discard(file, isEmpty: !lines.contains(where: \.isRow) || discardingOthers)
        continue
      }
      let isKnown = take(lines, run: run)
      isBegun = isBegun || file == path && isKnown
    }
    return isBegun
  }

  /// Takes the rows that come after a line which says that they are of this run.
  private func take(_ lines: [JournalLine], run: String) -> Bool {
    var isKnown = false
    for line in lines {
      switch line {
      case .row(let key, let value): rows[key] = isKnown ? value : rows[key]
      case .header(run): isKnown = true
      case .header: isKnown = false
      }
    }
    return isKnown
  }

  private func isOfAnotherRun(_ lines: [JournalLine], _ run: String) -> Bool {
    lines.contains { line in
      if case .header(let other) = line { other != run } else { false }
    }
  }

  /// Removes a file of another run, if it may go.
  private func discard(_ file: String, isEmpty: Bool) throws {
    guard isEmpty else {
      throw OutputError(
        file,
        because: "has finished points of a run with other inputs or options; --force drops them")
    }
    guard file == path ? ftruncate(descriptor, 0) == 0 : unlink(file) == 0 else {
      throw Journal.fault(file, "be emptied")
    }
  }

  /// The files of a journal, in the order of their names.
  static func files(in folder: String) throws -> [String] {
    guard let stream = opendir(folder) else { throw Journal.fault(folder, "be listed") }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".jsonl") { names.append(name) }
    }
    return names.sorted().map { "\(folder)/\($0)" }
  }

  static func bytes(of path: String) throws -> [UInt8] {
    let file = try InputFile(path, mode: .pread)
    return try file.copy(0..<file.byteCount)
  }

  private static func fault(_ path: String, _ action: String) -> OutputError {
    OutputError(path, because: "cannot \(action): \(String(cString: strerror(errno)))")
  }
}
