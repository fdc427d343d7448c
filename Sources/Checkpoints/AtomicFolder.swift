private import CTemporaries
import Glibc
import Tensors

/// A folder being filled, which appears under its name when all its files are there.
///
/// The files go to a temporary sibling, which is then renamed. If the folder exists with files
/// in it, the new files replace their namesakes there, and the others stay. The sibling goes when
/// the last reference does, or when a signal ends the process, as that of ``AtomicFile``.
public final class AtomicFolder {
  private let temporaryPath: String
  private let path: String
  /// As the caller names it.
  private let name: String
  private var isPlaced = false
  private var note: TemporaryNote?

  /// Creates the sibling.
  ///
  /// - Parameter path: the folder to create or to add to; a symbolic link stays one.
  /// - Throws: ``OutputError`` if the sibling cannot be created.
  public init(_ path: String) throws {
    name = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    self.path = resolvingLinks(name)
    temporaryPath = temporarySibling(of: self.path)
    note = TemporaryNote(temporaryPath)
    guard mkdir(temporaryPath, 0o777) == 0 else {
      isPlaced = true  // what lies there is another's
      throw OutputError(path, "be created")
    }
  }

  deinit {
    guard !isPlaced else { return }
    for name in fileNames(in: temporaryPath) ?? [] { unlink(temporaryPath + "/" + name) }
    rmdir(temporaryPath)
  }

  /// Lets files be written into the folder.
  ///
  /// - Parameter body: takes the path to write to for the time being.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws; an ``OutputError`` names the path that the file was to have.
  public func fill<Result>(_ body: (String) throws -> Result) throws -> Result {
    do {
      return try body(temporaryPath)
    } catch let error as OutputError {
      throw error.moved(from: temporaryPath, to: name)
    }
  }

  /// Copies a file into the folder, under its own name.
  ///
  /// - Parameter source: a regular file; a symbolic link is followed.
  /// - Throws: ``CheckpointError`` if it cannot be read, ``OutputError`` if the copy cannot be
  ///   written.
  public func copy(_ source: String) throws {
    let input = try InputFile(source, mode: .pread)
    try fill { try AtomicFolder.copy(input, to: $0 + "/" + baseName(source)) }
  }

  private static func copy(_ input: InputFile, to path: String) throws {
    let output = try AtomicFile(replacing: path)
    let piece = 1 << 20
    for first in stride(from: 0, to: input.byteCount, by: piece) {
      let bytes = try input.copy(first..<min(first + piece, input.byteCount))
      try bytes.withUnsafeBytes { try output.write($0) }
    }
    try output.commit()
  }

  /// Puts the folder in place, at once.
  ///
  /// Where a folder is there already, the new one takes over its other files and changes places
  /// with it. Files are replaced one after the other instead where that cannot be: if the folder
  /// holds another, is where this process was started, or is a mount point, or if the file system
  /// knows no such exchange. Then a process that is killed meanwhile leaves files of both.
  ///
  /// - Parameter isSuperseded: which files that were there, and have no new namesake, must go.
  /// - Throws: ``OutputError`` if that cannot be done; nothing has changed then, but where files
  ///   are replaced one after the other.
  public func commit(removing isSuperseded: (String) -> Bool = { _ in false }) throws {
    if rename(temporaryPath, path) == 0 {
      isPlaced = true
      return syncFolder(of: path)
    }
    guard [ENOTEMPTY, EEXIST].contains(errno) else { throw OutputError(path, "be put in place") }
    let names = (fileNames(in: temporaryPath) ?? []).sorted()
    let old = Set(fileNames(in: path) ?? []).subtracting(names)
    let kept = old.filter { !isSuperseded($0) }
    guard try !exchange(keeping: kept) else { return syncFolder(of: path) }
    try replaceFiles(names, removing: old.subtracting(kept))
  }

  /// Puts the folder where another is; whether that could be done.
  private func exchange(keeping names: Set<String>) throws -> Bool {
    guard !isCurrentFolder(path), try adopt(names) else { return false }
    copyMode()
    // What was there is then at the temporary path, and goes when this does.
    if folders_exchange(temporaryPath, path) { return true }
    guard [EINVAL, ENOSYS, EBUSY, EXDEV].contains(errno) else {
      throw OutputError(path, "be put in place")
    }
    drop(names)
    return false
  }

  /// Takes files over from the folder that is there; whether all are of a kind that can be.
  private func adopt(_ names: Set<String>) throws -> Bool {
    for name in names where link(path + "/" + name, temporaryPath + "/" + name) != 0 {
      let isOfOtherKind = [EPERM, EXDEV, EMLINK, EOPNOTSUPP].contains(errno)
      let error = OutputError(path, "be put in place")
      drop(names)
      guard isOfOtherKind else { throw error }
      return false
    }
    return true
  }

  private func drop(_ names: Set<String>) {
    for name in names { unlink(temporaryPath + "/" + name) }
  }

  private func copyMode() {
    var status = stat()
    if stat(path, &status) == 0 { chmod(temporaryPath, status.st_mode & 0o7777) }
  }

  private func replaceFiles(_ names: [String], removing old: Set<String>) throws {
    // From here on a signal leaves what has not been moved yet, which is better than losing it.
    note = nil
    for name in old { unlink(path + "/" + name) }
    for name in names {
      guard rename(temporaryPath + "/" + name, path + "/" + name) == 0 else {
        throw OutputError(path + "/" + name, "be put in place")
      }
    }
    syncFolder(of: path + "/.")
  }
}

/// Whether a folder is the one that relative paths begin at, or holds it.
private func isCurrentFolder(_ path: String) -> Bool {
  guard let current = realpath(".", nil) else { return true }
  defer { free(current) }
  return (String(cString: current) + "/").hasPrefix(path + "/")
}

/// The names of what lies in a folder, or `nil` if it cannot be listed.
///
/// - Parameter path: the folder.
/// - Returns: every name but `.` and `..`, in no order.
public func fileNames(in path: String) -> [String]? {
  guard let folder = opendir(path) else { return nil }
  defer { closedir(folder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
      tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names
}
