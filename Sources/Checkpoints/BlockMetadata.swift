import Tensors

/// What the `.metadata` of a checkpoint of `torch.distributed.checkpoint` says: of which blocks each
/// tensor consists, and in which file each block is.
///
/// The file is a pickle of `Metadata`, a class of data. Known are the classes below it that describe
/// tensors; they are read as inert data and nothing is called.
///
/// Source: PyTorch, `torch/distributed/checkpoint/metadata.py`, `filesystem.py`.
struct BlockMetadata {
  /// A tensor and its blocks.
  struct Tensor {
    /// The name under which it was saved, levels of dicts joined by dots.
    let name: TensorName
    let dtype: DType
    let shape: Shape
    let blocks: [BlockGrid.Block]
  }

  /// Where a block was written.
  struct Place {
    let fileName: String
    let offset: Int
    let byteCount: Int
  }

  /// Which block of which tensor.
  struct Key: Hashable {
    let name: TensorName
    let offsets: [Int]
  }

  static let fileName = ".metadata"

  /// In the order of the file.
  private(set) var tensors: [Tensor] = []
  /// What was saved and is no tensor.
  private(set) var otherCount = 0
  private(set) var places: [Key: Place] = [:]
  /// The keys of nested dicts that lead to what has a name, where names were made from them.
  private(set) var levels: [TensorName: [String]] = [:]

  private let graph: PickleGraph
  private let path: String

  /// Reads the file in a checkpoint's folder.
  ///
  /// - Throws: ``CheckpointError`` if it is not there or not of this form.
  init(folder: String) throws {
    path = folder + "/" + BlockMetadata.fileName
    let file = try InputFile(path, mode: .pread)
    do {
      graph = try PickleMachine.run(
        file.content(limit: PickleSequence.pickleLimit), keepsLists: true, keepsStates: true)
    } catch let fault as PickleMachine.Fault {
      throw CheckpointError(fault.reason, in: path, "byte \(fault.offset): \(fault.detail)")
    }
    let root = try fields(of: graph.root, "torch.distributed.checkpoint.metadata.Metadata")
    readLevels(root["planner_data"] ?? .other)
    for entry in try entries(root["state_dict_metadata"], of: "state_dict_metadata") {
      try readTensor(entry)
    }
    for entry in try entries(root["storage_data"], of: "storage_data") { try readPlace(entry) }
  }

  private mutating func readLevels(_ value: PickleValue) {
    for case (.text(let name), .tuple(let keys)) in graph.entries(of: value) ?? [] {
      levels[TensorName(name)] = graph.items(of: keys).compactMap { key in
        switch key {
        case .text(let text): text
        case .integer(let number): String(number)
        default: nil
        }
      }
    }
  }

  private mutating func readTensor(_ entry: PickleGraph.Entry) throws {
    guard case .text(let text) = entry.key else { throw malformed("a name that is no text") }
    let name = TensorName(text)
    guard className(of: entry.value)?.hasSuffix(".TensorStorageMetadata") == true else {
      otherCount += 1
      return
    }
    let fields = try fields(
      of: entry.value, "torch.distributed.checkpoint.metadata.TensorStorageMetadata")
    guard let extents = sizes(fields["size"]), let shape = Shape(extents),
      extents.count <= TorchObjects.rankLimit
    else { throw malformed("its size is not one of a tensor", name) }
    guard case .list(let list)? = fields["chunks"] else { throw malformed("has no blocks", name) }
    let blocks = try graph.lists[Int(list)].map { value -> BlockGrid.Block in
      let block = try self.fields(
        of: value, "torch.distributed.checkpoint.metadata.ChunkStorageMetadata")
      guard let offsets = sizes(block["offsets"]), let sizes = sizes(block["sizes"]) else {
        throw malformed("a block without offsets or sizes", name)
      }
      return BlockGrid.Block(offsets: offsets, sizes: sizes)
    }
    let dtype = try elementType(fields["properties"] ?? .other, name)
    tensors.append(Tensor(name: name, dtype: dtype, shape: shape, blocks: blocks))
  }

  private func elementType(_ properties: PickleValue, _ name: TensorName) throws -> DType {
    guard case .object(let index) = properties,
      case .tuple(let state) = graph.objects[Int(index)].state,
      let type = graph.items(of: state).first.flatMap(graph.globalName)
    else { throw malformed("its properties tell no type", name) }
    guard let dtype = TorchObjects.elementTypes[type] else {
      throw CheckpointError(
        .unsupported, in: path, tensor: name, "element type \(type.shortened) is not supported")
    }
    return dtype
  }

  private mutating func readPlace(_ entry: PickleGraph.Entry) throws {
    let key = try fields(of: entry.key, "torch.distributed.checkpoint.metadata.MetadataIndex")
    let place = try fields(
      of: entry.value, "torch.distributed.checkpoint.filesystem._StorageInfo")
    guard case .text(let name)? = key["fqn"], case .text(let fileName)? = place["relative_path"],
      case .integer(let offset)? = place["offset"], case .integer(let count)? = place["length"],
      offset >= 0, count >= 0
    else { throw malformed("a block without name, file, offset or length") }
    guard !fileName.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 }),
      ![".", "..", ""].contains(fileName)
    else {
      throw malformed(
        "'\(fileName.shortened)' is not the name of a file beside it", TensorName(name))
    }
    if case .list(let transforms)? = place["transform_descriptors"],
      !graph.lists[Int(transforms)].isEmpty
    {
      throw CheckpointError(
        .unsupported, in: path, tensor: TensorName(name), "is stored compressed or transformed")
    }
    places[Key(name: TensorName(name), offsets: sizes(key["offset"]) ?? [])] = Place(
      fileName: fileName, offset: offset, byteCount: count)
  }
}

// MARK: Objects

extension BlockMetadata {
  private func className(of value: PickleValue) -> String? {
    guard case .object(let index) = value else { return nil }
    return graph.globals[Int(graph.objects[Int(index)].function)]
  }

  /// The attributes of an object of a class.
  private func fields(of value: PickleValue, _ name: String) throws -> [String: PickleValue] {
    guard case .object(let index) = value, className(of: value) == name,
      let entries = graph.entries(of: graph.objects[Int(index)].state)
    else { throw malformed("\(graph.kind(of: value)) where \(name) belongs") }
    let fields = entries.compactMap { entry -> (String, PickleValue)? in
      guard case .text(let key) = entry.key else { return nil }
      return (key, entry.value)
    }
    return Dictionary(fields) { _, last in last }
  }

  private func entries(_ value: PickleValue?, of name: String) throws -> [PickleGraph.Entry] {
    guard let entries = value.flatMap(graph.entries) else { throw malformed("has no \(name)") }
    return entries
  }

  /// The numbers of a `torch.Size`.
  private func sizes(_ value: PickleValue?) -> [Int]? {
    guard case .object(let index)? = value, className(of: .object(index)) == "torch.Size",
      case .tuple(let numbers)? = graph.items(of: graph.objects[Int(index)].arguments).first
    else { return nil }
    let found = graph.items(of: numbers).compactMap { item -> Int? in
      guard case .integer(let number) = item, number >= 0 else { return nil }
      return number
    }
    return found.count == numbers.count ? found : nil
  }

  private func malformed(_ detail: String, _ name: TensorName? = nil) -> CheckpointError {
    CheckpointError(.malformed, in: path, tensor: name, detail)
  }
}
