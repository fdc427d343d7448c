import Checkpoints
import Glibc

/// Refuses an output that is one of the inputs, or cannot be created.
///
/// - Parameters:
///   - output: the file or folder to write.
///   - inputs: the checkpoints read.
/// - Throws: `OutputError` if the output is one of their files, or its folder is not there.
func checkOutput(_ output: String, against inputs: [any Checkpoint]) throws {
  let paths = inputs.flatMap { [$0.path] + $0.files.map(\.path) }
  if paths.contains(where: { isSameFile($0, output) }) {
    throw OutputError(output, because: "is one of the inputs; name another file")
  }
  if access(folder(of: output), W_OK) != 0 {
    throw OutputError(output, because: "its folder is not there or cannot be written to")
  }
}

/// Whether two paths lead to the same file or folder.
func isSameFile(_ left: String, _ right: String) -> Bool {
  var (first, second) = (stat(), stat())
  return stat(left, &first) == 0 && stat(right, &second) == 0
    && first.st_dev == second.st_dev && first.st_ino == second.st_ino
}

/// Whether a path leads to a folder.
func isFolder(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
