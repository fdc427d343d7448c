import Checkpoints
import HDF5

/// Reads a result file of ours and makes something of it.
///
/// - Parameters:
///   - path: the file.
///   - body: takes the result.
/// - Returns: what `body` returns.
/// - Throws: `CheckpointError` naming the file if it cannot be read, or is no result as needed.
func withStoredResult<Value>(_ path: String, _ body: (StoredResult) throws -> Value) throws -> Value
{
  do {
    let file = try InputFile(path, mode: .pread)
    guard file.byteCount <= mostStoredBytes else {
      throw CheckpointError(.malformed, in: path, "\(file.byteCount) bytes are too many")
    }
    return try body(StoredResult(image: file.copy(0..<file.byteCount)))
  } catch let error as HDF5Error {
    throw CheckpointError(.malformed, in: path, error.description)
  }
}

private let mostStoredBytes = 1 << 30
