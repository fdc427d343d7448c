import Checkpoints
import HDF5

/// Reads groups of a result file of ours, which may be damaged or come from a stranger, and makes
/// something of them.
///
/// - Parameters:
///   - path: the file.
///   - groups: whose variables are wanted.
///   - withPending: whether rows may be pending.
///   - body: takes the result.
/// - Returns: what `body` returns.
/// - Throws: `CheckpointError` naming the file if it cannot be read, or is no result as needed.
func withStoredResult<Value>(
  _ path: String, groups: [String], withPending: Bool = false,
  _ body: (StoredResult) throws -> Value
) throws -> Value {
  do {
    _ = try storedFile(path)
    let stored = try StoredResult.read(apart: path, groups: groups)
    guard stored.isComplete || withPending else {
      throw HDF5Error(.foreignFile("has rows that are pending; run their shards and merge again"))
    }
    return try body(stored)
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

/// Whether a file begins as HDF5 files do, as results are.
///
/// - Parameter path: the file; one that cannot be read does not.
/// - Returns: whether it does.
func isHDF5File(_ path: String) -> Bool {
  guard let file = try? InputFile(path, mode: .pread),
    let head = try? file.copy(0..<min(file.byteCount, StoredResult.signature.count))
  else { return false }
  return head == StoredResult.signature
}
