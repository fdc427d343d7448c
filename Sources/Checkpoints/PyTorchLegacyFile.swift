import Tensors

/// A checkpoint as `torch.save` wrote it before PyTorch 1.6, and still does on request.
///
/// | part | content |
/// |---|---|
/// | pickle | a number by which the format is known |
/// | pickle | the format's version, 1001 |
/// | pickle | sizes of types on the machine that wrote it |
/// | pickle | the saved object, tensors by storage key, shape and strides |
/// | pickle | the list of storage keys |
/// | for each key | the number of elements in 8 bytes, and the elements |
///
/// Numbers and elements are little-endian on any machine. Which tensors are read, and by which
/// names, is as in ``PyTorchArchive``. What follows the last storage is noted and left out.
///
/// Source: PyTorch, `torch/serialization.py`, `_legacy_save` and `_legacy_load`.
public struct PyTorchLegacyFile: Checkpoint {
  /// The path by which it was opened.
  public let path: String
  /// The format's name.
  public let format = "pytorch before 1.6"
  /// Every tensor of the state dict, in the order of the pickle.
  public let records: [TensorRecord]
  /// Always empty.
  public let metadata: [(key: String, value: String)] = []
  /// Where the state dict was found, and what was left out.
  public let notes: [String]

  private static let version = 1001

  /// Opens a file and checks what describes its tensors.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - mode: how its tensors will be read.
  /// - Throws: ``CheckpointError`` if it cannot be opened, holds no state dict, or breaks the
  ///   rules of pickle or of PyTorch.
  /// - Complexity: linear in the pickles; independent of the tensors' size.
  public init(_ path: String, mode: InputMode = .mapped) throws {
    try self.init(InputFile(path, mode: mode))
  }

  init(_ file: InputFile) throws {
    var pickles = PickleSequence(file)
    _ = try pickles.next()
    try PyTorchLegacyFile.requireVersion(pickles.next(), file)
    _ = try pickles.next()
    let graph = try pickles.next()
    let keys = try pickles.next(keepsLists: true)
    let storages = try LegacyStorages(graph, keys: keys, file: file, start: pickles.offset)
    let objects = TorchObjects(
      graph: graph, file: file, byteOrder: .little, storages: storages.bytes, allowsOlderIDs: true)
    let state = try StateDictionary(objects)
    records = try state.tensors.map { try objects.record(of: $0.value, name: $0.name) }
    let rest = file.byteCount - storages.end
    path = file.path
    notes =
      state.notes + (rest > 0 ? ["\(rest) bytes follow the last storage and are left out"] : [])
  }

  private static func requireVersion(_ pickle: PickleGraph, _ file: InputFile) throws {
    guard case .integer(version) = pickle.root else {
      throw CheckpointError(
        .unsupported, in: file.path,
        "is of a version of PyTorch's older format that is not known; known is \(version)")
    }
  }
}

/// Where the storages lie that follow the pickles.
private struct LegacyStorages {
  /// By key.
  private(set) var bytes: [String: Range<Int>] = [:]
  /// Where the last one ends.
  private(set) var end: Int

  private let file: InputFile

  init(_ graph: PickleGraph, keys: PickleGraph, file: InputFile, start: Int) throws {
    (self.file, end) = (file, start)
    let ids = try LegacyStorages.ids(of: graph, file)
    guard case .list(let index) = keys.root else {
      throw malformed("\(keys.kind(of: keys.root)) stands where the list of storages belongs")
    }
    for item in keys.lists[Int(index)] {
      guard case .text(let key) = item, let id = ids[key] else {
        throw malformed("the list of storages holds a key that the pickle before it does not")
      }
      try append(id)
    }
  }

  /// How the pickle refers to each storage.
  private static func ids(
    of graph: PickleGraph, _ file: InputFile
  ) throws -> [String: StorageID] {
    var ids: [String: StorageID] = [:]
    for id in graph.persistentIDs.lazy.compactMap({ StorageID($0, in: graph) }) {
      guard let other = ids.updateValue(id, forKey: id.key) else { continue }
      guard other.type == id.type, other.count == id.count else {
        throw CheckpointError(
          .malformed, in: file.path, "storage '\(id.key.shortened)' has two types or sizes")
      }
    }
    return ids
  }

  private mutating func append(_ id: StorageID) throws {
    let place = "storage '\(id.key.shortened)'"
    guard let width = id.elementByteCount else {
      throw CheckpointError(
        .unsupported, in: file.path,
        "\(place) is of type \(id.type.shortened), which is not supported")
    }
    guard file.byteCount - end >= 8 else { throw malformed("ends before \(place)") }
    let count = try file.copy(end..<end + 8).littleEndian(at: 0, width: 8)
    guard count == id.count else {
      throw malformed("\(place) has \(count) elements, not the \(id.count) of the pickle")
    }
    let (size, overflow) = id.count.multipliedReportingOverflow(by: width)
    guard !overflow, size <= file.byteCount - end - 8 else {
      throw malformed(
        "\(place) of \(count) elements needs more than the \(file.byteCount - end - 8) bytes left")
    }
    guard bytes.updateValue(end + 8..<end + 8 + size, forKey: id.key) == nil else {
      throw malformed("\(place) appears twice")
    }
    end += 8 + size
  }

  private func malformed(_ detail: String) -> CheckpointError {
    CheckpointError(.malformed, in: file.path, detail)
  }
}
