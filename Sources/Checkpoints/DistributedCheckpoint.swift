import Tensors

/// A checkpoint that `torch.distributed.checkpoint` wrote: a folder with `.metadata` and files of
/// blocks, each block a tensor that `torch.save` wrote.
///
/// Tensors that were sharded over a mesh of processes, along any number of axes, are put together
/// from their blocks as they are read (``AssembledElements``). Where nested dicts were saved, the
/// model is found among them as in other files of PyTorch: under the first of
/// ``StateDictionary/wrappers`` that leads to tensors; names keep what is below.
public struct DistributedCheckpoint: Checkpoint {
  /// The folder by which it was opened.
  public let path: String
  /// The format's name.
  public let format = "pytorch distributed"
  /// Every tensor of the model, in the order of the metadata.
  public let records: [TensorRecord]
  /// Always empty.
  public let metadata: [(key: String, value: String)] = []
  /// What was left out.
  public let notes: [String]
  /// The files of all blocks.
  public let files: [InputFile]
  /// A file in the folder.
  public var modelPath: String { path + "/" + BlockMetadata.fileName }

  /// Opens a folder and checks that its blocks make up the tensors.
  ///
  /// - Parameters:
  ///   - folder: the folder.
  ///   - mode: how tensors will be read.
  /// - Throws: ``CheckpointError`` if a file is missing or malformed, or blocks do not make up the
  ///   tensors.
  /// - Complexity: linear in the number of blocks; independent of the tensors' size.
  public init(folder: String, mode: InputMode = .mapped) throws {
    let metadata = try BlockMetadata(folder: folder)
    let (tensors, wrapper) = DistributedCheckpoint.model(in: metadata)
    var builder = BlockBuilder(folder: folder, mode: mode, metadata: metadata)
    records = try tensors.map { try builder.record(of: $0.tensor, name: $0.name) }
    files = builder.files
    path = folder
    let left = metadata.tensors.count - tensors.count + metadata.otherCount
    notes =
      (wrapper.map { ["the tensors are those under '\($0)'"] } ?? [])
      + (left > 0 ? ["entries that are no tensors of the model are left out: \(left)"] : [])
  }

  /// The tensors of the model under their names in it, and the key that leads to them.
  private static func model(
    in metadata: BlockMetadata
  ) -> (tensors: [(tensor: BlockMetadata.Tensor, name: TensorName)], wrapper: String?) {
    let levels = { (tensor: BlockMetadata.Tensor) in metadata.levels[tensor.name] ?? [] }
    let wrapper = StateDictionary.wrappers.first { key in
      metadata.tensors.contains { levels($0).count > 1 && levels($0)[0] == key }
    }
    guard let wrapper else { return (metadata.tensors.map { ($0, $0.name) }, nil) }
    let found = metadata.tensors.filter { levels($0).count > 1 && levels($0)[0] == wrapper }
    return (
      found.map { ($0, TensorName(levels($0).dropFirst().joined(separator: "."))) }, wrapper
    )
  }
}

/// Makes records of tensors from blocks.
private struct BlockBuilder {
  let folder: String
  let mode: InputMode
  let metadata: BlockMetadata
  private let pieces = DecodedPieces()
  private var opened: [String: InputFile] = [:]
  private(set) var files: [InputFile] = []
  private var names = Set<TensorName>()

  init(folder: String, mode: InputMode, metadata: BlockMetadata) {
    (self.folder, self.mode, self.metadata) = (folder, mode, metadata)
  }

  mutating func record(
    of tensor: BlockMetadata.Tensor, name: TensorName
  ) throws -> TensorRecord {
    guard names.insert(name).inserted else { throw malformed("appears twice", tensor.name) }
    let blocks = tensor.blocks.filter { !$0.sizes.contains(0) }
    guard tensor.shape.elementCount > 0 else { return try empty(tensor, name: name) }
    guard let grid = BlockGrid(shape: tensor.shape, blocks: blocks) else {
      throw malformed(
        "its \(blocks.count) blocks are no grid that covers shape \(tensor.shape)", tensor.name)
    }
    let records = try blocks.map { try record(of: $0, in: tensor) }
    guard records.count > 1 else { return records[0].renamed(name) }
    return try TensorRecord(
      name: name, dtype: tensor.dtype, shape: tensor.shape, strides: nil,
      encoded: AssembledElements(
        name: name, shape: tensor.shape, grid: grid, blocks: records, pieces: pieces),
      bytes: records[0].offset..<records[0].offset, byteOrder: .little, file: records[0].file)
  }

  private mutating func empty(
    _ tensor: BlockMetadata.Tensor, name: TensorName
  ) throws -> TensorRecord {
    let file = try InputFile(folder + "/" + BlockMetadata.fileName, mode: mode)
    return try TensorRecord(
      name: name, dtype: tensor.dtype, shape: tensor.shape, bytes: 0..<0, file: file)
  }

  private mutating func record(
    of block: BlockGrid.Block, in tensor: BlockMetadata.Tensor
  ) throws -> TensorRecord {
    let key = BlockMetadata.Key(name: tensor.name, offsets: block.offsets)
    let whole = BlockMetadata.Key(name: tensor.name, offsets: [])
    guard
      let place = metadata.places[key]
        ?? (block.offsets.allSatisfy { $0 == 0 } ? metadata.places[whole] : nil)
    else {
      throw malformed("its block at \(Shape.list(block.offsets)) is in no file", tensor.name)
    }
    let file = try file(place.fileName)
    guard place.byteCount <= file.byteCount, place.offset <= file.byteCount - place.byteCount else {
      throw CheckpointError(
        .malformed, in: file.path, tensor: tensor.name,
        "its \(place.byteCount) bytes from byte \(place.offset) on lie outside the file")
    }
    let section = FileSection(file, place.offset..<place.offset + place.byteCount)
    let objects = try PyTorchArchive.objects(file, ZipDirectory(section))
    let record = try objects.record(of: objects.graph.root, name: tensor.name)
    guard record.shape.dimensions == block.sizes, record.dtype == tensor.dtype else {
      throw CheckpointError(
        .malformed, in: file.path, tensor: tensor.name,
        "a block of shape \(record.shape) and type \(record.dtype.rawValue) is where one of "
          + "\(Shape.list(block.sizes)) and \(tensor.dtype.rawValue) belongs")
    }
    return record
  }

  private mutating func file(_ name: String) throws -> InputFile {
    if let file = opened[name] { return file }
    let file = try InputFile(folder + "/" + name, mode: mode)
    opened[name] = file
    files.append(file)
    return file
  }

  private func malformed(_ detail: String, _ name: TensorName) -> CheckpointError {
    CheckpointError(
      .malformed, in: folder + "/" + BlockMetadata.fileName, tensor: name, detail)
  }
}
