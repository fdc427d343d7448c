import Tensors

public struct PyTorchArchive: Checkpoint {
  public let path: String
  public let format = "pytorch"
  public let records: [TensorRecord]
  public let metadata: [(key: String, value: String)] = []
  public let notes: [String]
  init(_ file: InputFile) throws {
    throw CheckpointError(
      .unsupported, in: file.path, "is a zip archive, which is not supported yet")
  }
}
