internal import Glibc

/// This program, started again to read one file and to tell what is there.
///
/// A library that crashes on a damaged file, or never comes to an end, takes that process with it
/// and not its parent. Nothing is inherited but the file's path: no environment, no descriptors.
public enum ReaderProcess {
  /// Starts the program and takes all it prints.
  ///
  /// - Parameters:
  ///   - arguments: without the program's name.
  ///   - limit: the most bytes to take.
  /// - Returns: what it printed on standard output.
  /// - Throws: ``HDF5Error`` with ``HDF5Error/Reason/readerFailed(_:)`` if it cannot be started,
  ///   was ended by a signal, or prints more than `limit`.
  public static func output(of arguments: [String], limit: Int) throws -> [UInt8] {
    // A parent that ignores this signal would not be told how its child ended.
    signal(SIGCHLD, SIG_DFL)
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else {
      throw HDF5Error(.readerFailed("cannot be read: no pipe can be had"))
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    let child = spawn(["transect"] + arguments, output: ends[1])
    close(ends[1])
    guard let child else {
      throw HDF5Error(.readerFailed("cannot be read: no process for it can be started"))
    }
    let output = readAll(ends[0], limit: limit)
    if output == nil { kill(child, SIGKILL) }
    let status = wait(for: child)
    guard let output else { throw failure("told more than \(limit) bytes") }
    if let reason = fault(status) { throw failure(reason) }
    return output
  }

  private static func failure(_ reason: String) -> HDF5Error {
    HDF5Error(.readerFailed("is damaged (the process that reads it \(reason))"))
  }

  private static func spawn(_ arguments: [String], output: Int32) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
    // Swift's own report of a crash would take longer than the reading.
    var environment = unsafe [strdup("SWIFT_BACKTRACE=enable=no"), nil]
    defer { for word in unsafe words + environment { unsafe free(word) } }
    var child = pid_t()
    let code = unsafe posix_spawn(&child, "/proc/self/exe", &actions, nil, &words, &environment)
    return code == 0 ? child : nil
  }

  /// All that can be read, or `nil` if it is more than `limit` bytes.
  private static func readAll(_ descriptor: Int32, limit: Int) -> [UInt8]? {
    var (bytes, piece) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
    while true {
      let count = unsafe read(descriptor, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return bytes }
      guard bytes.count + count <= limit else { return nil }
      bytes += piece[..<count]
    }
  }

  private static func wait(for child: pid_t) -> Int32 {
    var status: Int32 = 0
    while unsafe waitpid(child, &status, 0) < 0 && errno == EINTR {}
    return status
  }

  /// What a status of `waitpid` says, if the process did not end well.
  private static func fault(_ status: Int32) -> String? {
    let (signal, code) = (status & 0x7F, status >> 8 & 0xFF)
    switch signal {
    case 0: return code == 0 ? nil : "ended with code \(code)"
    case SIGXCPU, SIGKILL: return "ran out of time or memory"
    default: return "was ended by signal \(signal)"
    }
  }

  /// Restricts this process, before it reads what may lead it astray: no file can be opened or grow
  /// any more, no core is dumped, and memory and time are bounded by the size of what is read.
  ///
  /// - Parameter byteCount: of the file, which has been read.
  public static func restrict(forReading byteCount: Int) {
    restrict(descriptors: 0, memory: 1 << 30 + 8 * byteCount, seconds: 3 + byteCount >> 23)
  }

  /// Restricts this process, before it opens what may lead it astray: one more file can be opened,
  /// none can grow, no core is dumped, time is bounded, and memory by what is there already, 64 MiB
  /// and twice the file.
  ///
  /// - Parameter byteCount: of the file.
  static func restrictToOneFile(of byteCount: Int) {
    let memory = addressSpace() + 64 << 20 + 2 * byteCount
    // The next descriptor to be had is the last.
    let next = open("/dev/null", O_RDONLY | O_CLOEXEC)
    close(next)
    restrict(descriptors: Int(next) + 1, memory: memory, seconds: 5)
  }

  /// Bytes of addresses that this process has taken.
  private static func addressSpace() -> Int {
    guard let file = unsafe fopen("/proc/self/statm", "r") else { return 1 << 30 }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard unsafe fgets(&line, Int32(line.count), file) != nil else { return 1 << 30 }
    let digits = line.prefix { (48...57).contains($0) }.map { UInt8($0) }
    return (Int(String(decoding: digits, as: UTF8.self)) ?? 1 << 18) * sysconf(Int32(_SC_PAGESIZE))
  }

  private static func restrict(descriptors: Int, memory: Int, seconds: Int) {
    let limits: [(__rlimit_resource, Int)] = [
      (RLIMIT_CORE, 0), (RLIMIT_FSIZE, 0), (RLIMIT_NOFILE, descriptors), (RLIMIT_AS, memory),
      (RLIMIT_CPU, seconds),
    ]
    for (resource, limit) in limits {
      var limit = rlimit(rlim_cur: rlim_t(limit), rlim_max: rlim_t(limit))
      unsafe setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
    }
  }
}
