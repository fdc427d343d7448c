import Checkpoints
import HDF5

/// Reads groups of a result file of ours, which may be damaged or come from a stranger, and makes
/// something of them.
///
/// - Parameters:
///   - path: the file.
///   - groups: whose variables are wanted.
///   - body: takes the result.
/// - Returns: what `body` returns.
/// - Throws: `CheckpointError` naming the file if it cannot be read, or is no result as needed.
func withStoredResult<Value>(
  _ path: String, groups: [String], _ body: (StoredResult) throws -> Value
) throws -> Value {
  do {
    _ = try storedFile(path)
    return try body(StoredResult.read(apart: path, groups: groups))
  } catch let error as HDF5Error {
    throw CheckpointError(.malformed, in: path, error.description)
  }
}

/// Opens a file that may be a result.
///
/// - Parameter path: the file.
/// - Returns: the file.
/// - Throws: `CheckpointError` if it cannot be opened, or is larger than a result can be.
func storedFile(_ path: String) throws -> InputFile {
  let file = try InputFile(path, mode: .pread)
  guard file.byteCount <= mostStoredBytes else {
    throw CheckpointError(.malformed, in: path, "\(file.byteCount) bytes are too many")
  }
  return file
}

private let mostStoredBytes = 1 << 30
