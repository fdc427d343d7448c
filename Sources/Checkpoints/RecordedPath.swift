import Glibc

/// What results record of a file, a folder or a model id: all of it, or the last component alone.
///
/// A folder that is named by `.` or `..` has the name by which it is found from the folder above
/// it. The id of a model in a cache tells nothing of the machine and is recorded whole.
///
/// - Parameters:
///   - argument: as a user named it.
///   - isWhole: whether the whole of it may be told.
/// - Returns: what to record.
public func recordedPath(_ argument: String, whole isWhole: Bool) -> String {
  guard !isWhole else { return argument }
  if access(argument, F_OK) != 0, HuggingFaceCache().snapshot(of: argument) != nil {
    return argument
  }
  let name = baseName(argument)
  guard [".", ".."].contains(name), let path = realpath(argument, nil) else { return name }
  defer { free(path) }
  return baseName(String(cString: path))
}
