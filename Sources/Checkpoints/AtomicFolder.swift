import Glibc
import Tensors

/// A folder being filled, which appears under its name when all its files are there.
///
/// The files go to a temporary sibling, which is then renamed. If the folder exists with files
/// in it, each new file replaces its namesake there, and the others stay. The sibling goes when
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
    guard mkdir(temporaryPath, 0o777) == 0 else {
      isPlaced = true  // what lies there is another's
      throw OutputError(path, "be created")
    }
    note = TemporaryNote(temporaryPath)
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

  /// Puts the folder, or its files, in place.
  ///
  /// - Parameter isSuperseded: which files that were there, and have no new namesake, must go.
  /// - Throws: ``OutputError`` if that cannot be done.
  public func commit(removing isSuperseded: (String) -> Bool = { _ in false }) throws {
    if rename(temporaryPath, path) == 0 {
      isPlaced = true
      return syncFolder(of: path)
    }
    guard [ENOTEMPTY, EEXIST].contains(errno) else { throw OutputError(path, "be put in place") }
    // From here on a signal leaves what has not been moved yet, which is better than losing it.
    note = nil
    let names = (fileNames(in: temporaryPath) ?? []).sorted()
    let old = Set(fileNames(in: path) ?? []).subtracting(names).filter(isSuperseded)
    for name in old { unlink(path + "/" + name) }
    for name in names {
      guard rename(temporaryPath + "/" + name, path + "/" + name) == 0 else {
        throw OutputError(path + "/" + name, "be put in place")
      }
    }
    syncFolder(of: path + "/.")
  }
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
