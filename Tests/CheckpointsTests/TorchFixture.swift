import Checkpoints
import Tensors
import TestSupport
import Testing

/// Writes PyTorch archives into a folder of its own, and opens them.
struct TorchFixture {
  /// The storage `0`: six float32 values whose bytes count from 0.
  static let storage: [(key: String, bytes: [UInt8])] = [("0", Array(0..<24))]
  /// Two views of it.
  static let matrix = PickleBytes.tensor(count: 6, shape: [2, 3], strides: [3, 1])
  static let row = PickleBytes.tensor(count: 6, offset: 3, shape: [3], strides: [1])

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func open(_ zip: ZipBytes) throws -> PyTorchArchive {
    try PyTorchArchive(folder.write(zip.bytes, to: "model.pt"))
  }

  func openOlder(_ bytes: [UInt8]) throws -> PyTorchLegacyFile {
    try PyTorchLegacyFile(folder.write(bytes, to: "model.bin"))
  }

  func open(
    _ root: [UInt8], storages: [(key: String, bytes: [UInt8])] = storage,
    others: [ZipBytes.Entry] = []
  ) throws -> PyTorchArchive {
    try open(.torch(pickle: PickleBytes.file(root), storages: storages, others: others))
  }
}

/// Expects that a file is refused, in one line that says why.
func expectError(
  _ reason: CheckpointError.Reason, _ word: String, tensor: TensorName? = nil,
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> any Checkpoint
) {
  let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) { try body() }
  let description = error?.description ?? ""
  #expect(error?.reason == reason, "\(description)", sourceLocation: sourceLocation)
  #expect(error?.tensor == tensor, "\(description)", sourceLocation: sourceLocation)
  #expect(description.contains(word), "\(description)", sourceLocation: sourceLocation)
  #expect(description.isOneLine, sourceLocation: sourceLocation)
}
