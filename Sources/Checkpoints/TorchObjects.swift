import Tensors

/// Tensors as PyTorch pickles them: a call of a rebuilding function, over a storage whose bytes
/// are elsewhere in the file.
///
/// Known are `torch._utils._rebuild_tensor`, `_rebuild_tensor_v2`, `_rebuild_tensor_v3` (which
/// newer element types use), `_rebuild_parameter` and `_rebuild_parameter_with_state`, and
/// `torch._tensor._rebuild_from_type_v2` around them. Other rebuilding functions (quantized,
/// sparse, without data) make a tensor of a kind that cannot be read.
///
/// Source: PyTorch, `torch/_utils.py`, `torch/_tensor.py` and `torch/serialization.py`.
struct TorchObjects {
  let graph: PickleGraph
  let file: InputFile
  let byteOrder: ByteOrder
  /// Where the bytes of each storage lie, by the storage's key.
  let storages: [String: Range<Int>]
  /// Whether storages may be named as they were before PyTorch 1.6.
  var allowsOlderIDs = false

  /// More extents than any tensor has that a model was trained with.
  static let rankLimit = 32

  private static let prefixes = ["torch._utils._rebuild_", "torch._tensor._rebuild_"]
  private static let wrappers: Set<String> = [
    "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
  ]

  /// Whether a value is a tensor, of a kind that can be read or not.
  func isTensor(_ value: PickleValue) -> Bool {
    guard case .call(let function, _) = value else { return false }
    return TorchObjects.prefixes.contains { graph.globals[Int(function)].hasPrefix($0) }
  }

  /// The tensor that a value describes.
  ///
  /// - Throws: ``CheckpointError`` naming the tensor, if it is of a kind or type that cannot be
  ///   read, its storage is missing or of another size, or it reaches outside its storage.
  func record(of value: PickleValue, name: TensorName) throws -> TensorRecord {
    let (function, arguments) = try rebuilding(value, name: name)
    guard function != "torch._utils._rebuild_tensor" || arguments.count == 4,
      arguments.count >= 4, case .persistent(let id) = arguments[0],
      case .integer(let first) = arguments[1], let extents = integers(arguments[2]),
      let strides = integers(arguments[3])
    else { throw malformed("is not made of a storage, an offset, a shape and strides", name) }
    guard let shape = Shape(extents) else {
      throw malformed(
        "shape \(extents) is negative or has more elements than can be addressed", name)
    }
    let storage = try self.storage(id, name: name)
    let dtype = try elementType(of: function, arguments, storage: storage, name: name)
    try requireNoMark(in: function, arguments, name: name)
    return try TensorRecord(
      name: name, dtype: dtype, shape: shape, strides: strides, storage: storage.bytes,
      firstElement: first, byteOrder: byteOrder, file: file)
  }

  /// The function and arguments that make the tensor, without what wraps them.
  private func rebuilding(
    _ value: PickleValue, name: TensorName
  ) throws -> (function: String, arguments: [PickleValue]) {
    var call = unpack(value)
    if let (function, arguments) = call, TorchObjects.wrappers.contains(function) {
      call = arguments.first.flatMap(unpack)
    } else if let (function, arguments) = call,
      function == "torch._tensor._rebuild_from_type_v2", arguments.count == 4,
      case .tuple(let inner) = arguments[2]
    {
      call = graph.globalName(arguments[0]).map { ($0, Array(graph.items(of: inner))) }
    }
    guard let (function, arguments) = call else { throw malformed("wraps no tensor", name) }
    guard TorchObjects.signatures[function] != nil else {
      throw CheckpointError(
        .unsupported, in: file.path, tensor: name,
        "is made by \(function.shortened), a kind of tensor that is not supported")
    }
    return (function, arguments)
  }

  /// Where each function takes an element type, and where marks that change what bytes mean.
  private static let signatures: [String: (elementType: Int?, marks: Int?)] = [
    "torch._utils._rebuild_tensor": (nil, nil),
    "torch._utils._rebuild_tensor_v2": (nil, 6),
    "torch._utils._rebuild_tensor_v3": (6, 7),
  ]

  private func unpack(_ value: PickleValue) -> (function: String, arguments: [PickleValue])? {
    guard case .call(let function, let arguments) = value else { return nil }
    return (graph.globals[Int(function)], Array(graph.items(of: arguments)))
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    guard case .tuple(let tuple) = value, tuple.count <= TorchObjects.rankLimit else { return nil }
    let integers = graph.items(of: tuple).compactMap { item -> Int? in
      guard case .integer(let integer) = item else { return nil }
      return integer
    }
    return integers.count == tuple.count ? integers : nil
  }

  private func elementType(
    of function: String, _ arguments: [PickleValue], storage: Storage, name: TensorName
  ) throws -> DType {
    guard let position = TorchObjects.signatures[function]?.elementType else {
      return storage.dtype
    }
    let type = position < arguments.count ? graph.globalName(arguments[position]) : nil
    if let type, let dtype = TorchObjects.elementTypes[type] { return dtype }
    throw CheckpointError(
      .unsupported, in: file.path, tensor: name,
      "element type \((type ?? "none").shortened) is not supported")
  }

  /// A view may be marked to mean the negative or the conjugate of its bytes.
  private func requireNoMark(
    in function: String, _ arguments: [PickleValue], name: TensorName
  ) throws {
    guard let position = TorchObjects.signatures[function]?.marks, position < arguments.count,
      let marks = graph.entries(of: arguments[position])
    else { return }
    for case (.text(let mark), .bool(true)) in marks where mark == "neg" || mark == "conj" {
      throw CheckpointError(
        .unsupported, in: file.path, tensor: name,
        "is a view marked '\(mark)', which is not supported")
    }
  }

  private func malformed(_ detail: String, _ name: TensorName) -> CheckpointError {
    CheckpointError(.malformed, in: file.path, tensor: name, detail)
  }
}

// MARK: Storages

extension TorchObjects {
  private struct Storage {
    let bytes: Range<Int>
    let dtype: DType
  }

  private func storage(_ id: PickleTuple, name: TensorName) throws -> Storage {
    guard let id = StorageID(id, in: graph), !id.isOlderForm || allowsOlderIDs else {
      throw malformed("its storage is not named by a type, a key and a size", name)
    }
    guard let dtype = StorageID.elementTypes[id.type] else {
      throw CheckpointError(
        .unsupported, in: file.path, tensor: name,
        "storage type \(id.type.shortened) is not supported")
    }
    guard let bytes = storages[id.key] else {
      throw malformed("its storage '\(id.key.shortened)' is not in the file", name)
    }
    guard id.count.multipliedReportingOverflow(by: dtype.byteCount) == (bytes.count, false) else {
      throw malformed(
        "its storage '\(id.key.shortened)' holds \(bytes.count) bytes, not \(id.count) elements "
          + "of \(dtype.rawValue)", name)
    }
    guard let elements = id.elements else { return Storage(bytes: bytes, dtype: dtype) }
    guard elements.upperBound <= id.count else {
      throw malformed(
        "is in elements \(elements) of its storage '\(id.key.shortened)', which has \(id.count)",
        name)
    }
    let first = bytes.lowerBound + elements.lowerBound * dtype.byteCount
    return Storage(bytes: first..<first + elements.count * dtype.byteCount, dtype: dtype)
  }

  /// By the names that pickles have for them.
  static let elementTypes: [String: DType] = [
    "torch.float64": .float64, "torch.float32": .float32, "torch.float16": .float16,
    "torch.bfloat16": .bfloat16, "torch.float8_e4m3fn": .float8E4M3,
    "torch.float8_e5m2": .float8E5M2, "torch.int64": .int64, "torch.int32": .int32,
    "torch.int16": .int16, "torch.int8": .int8, "torch.uint64": .uint64, "torch.uint32": .uint32,
    "torch.uint16": .uint16, "torch.uint8": .uint8, "torch.bool": .bool,
  ]
}
