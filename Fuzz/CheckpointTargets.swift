import Tensors

@testable import Checkpoints

extension FuzzTarget {
  static let all: [FuzzTarget] = checkpoints + texts

  private static let checkpoints = [
    FuzzTarget("safetensors") {
      try readElements(of: SafetensorsFile(ScratchFile.shared.opened($0)))
    },
    FuzzTarget("index") { _ = try WeightIndex(ScratchFile.shared.opened($0)) },
    FuzzTarget("pickle", readPickle),
    FuzzTarget("zip") { bytes in
      let file = try ScratchFile.shared.opened(bytes)
      try readElements(of: PyTorchArchive(file, ZipDirectory(file)))
    },
    FuzzTarget("legacy") { try readElements(of: PyTorchLegacyFile(ScratchFile.shared.opened($0))) },
    FuzzTarget("gguf") { try readElements(of: GGUFFile(ScratchFile.shared.opened($0))) },
    FuzzTarget("npy") { try readElements(of: NumPyFile(ScratchFile.shared.opened($0))) },
    FuzzTarget("npz") { bytes in
      let file = try ScratchFile.shared.opened(bytes)
      try readElements(of: NumPyArchive(file, ZipDirectory(file)))
    },
    FuzzTarget("any") { bytes in
      ScratchFile.shared.write(bytes)
      try readElements(of: openCheckpoint(ScratchFile.shared.path, mode: .pread))
    },
  ]

  /// A file for the storages of pickles that are read without the archive around them.
  private static let storage: Result<InputFile, any Error> = Result {
    let bytes = [UInt8](repeating: 1, count: 4096)
    return try bytes.withUnsafeBufferPointer { try ScratchFile.shared.opened($0) }
  }

  /// Runs a pickle, and reads the state dict that it describes.
  private static func readPickle(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    let file = try storage.get()
    do {
      _ = try? PickleMachine.run(Array(bytes), keepsLists: true)
      let graph = try PickleMachine.run(Array(bytes))
      let objects = TorchObjects(
        graph: graph, file: file, byteOrder: .big,
        storages: ["0": 0..<1024, "1": 1024..<1056, "2": 4096..<4096], allowsOlderIDs: true)
      let state = try StateDictionary(objects)
      for tensor in state.tensors {
        try readElements(of: objects.record(of: tensor.value, name: tensor.name))
      }
    } catch let fault as PickleMachine.Fault {
      throw CheckpointError(fault.reason, in: file.path, fault.detail)
    }
  }

  private static func readElements(of checkpoint: any Checkpoint) throws {
    for record in checkpoint.records.prefix(16) { try readElements(of: record) }
    for note in checkpoint.notes { precondition(!note.isEmpty) }
  }

  /// Reads the first and the last elements of a tensor.
  private static func readElements(of record: TensorRecord) throws {
    let reader = ElementReader(record)
    let (all, count) = (record.shape.elementCount, min(record.shape.elementCount, 64))
    try withUnsafeTemporaryAllocation(
      byteCount: reader.scratchByteCount(elements: count), alignment: 16
    ) { scratch in
      for start in Set([0, all - count]) {
        let bytes = try reader.bytes(of: start..<start + count, scratch: scratch)
        precondition(bytes.count == count * record.dtype.byteCount)
        if bytes.reduce(0, &+) == 1, bytes.isEmpty { preconditionFailure() }
      }
    }
  }
}
