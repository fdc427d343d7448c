import Tensors

/// A checkpoint as `torch.save` writes it since PyTorch 1.6: a zip archive with one folder at
/// its top, in it a pickle that describes tensors and an entry for the bytes of each storage.
///
/// | entry | content |
/// |---|---|
/// | `data.pkl` | the saved object, tensors by storage key, shape and strides |
/// | `data/<key>` | a storage's elements, not compressed |
/// | `byteorder` | `little` or `big`; little if absent |
/// | `version` | the archive format's version, a decimal number |
///
/// The pickle is turned into inert data and nothing in it is ever called (``PickleMachine``).
/// The tensors are those of the state dict in it: the saved dict itself, or the first dict with
/// tensors under `state_dict`, `model_state_dict`, `model`, `module`, `params`, `net` or
/// `weights`; ``notes`` tells what was left out (``StateDictionary`` has the whole rule).
/// Views keep their strides and share their storage, so tied weights are seen to be tied.
///
/// Source: PyTorch, "Serialization semantics", and `torch/serialization.py`.
public struct PyTorchArchive: Checkpoint {
  /// The path by which it was opened.
  public let path: String
  /// The format's name.
  public let format = "pytorch"
  /// Every tensor of the state dict, in the order of the pickle.
  public let records: [TensorRecord]
  /// Always empty.
  public let metadata: [(key: String, value: String)] = []
  /// Where the state dict was found, and what was left out.
  public let notes: [String]

  /// Opens an archive and checks what describes its tensors.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - mode: how its tensors will be read.
  /// - Throws: ``CheckpointError`` if it cannot be opened, holds no state dict, or breaks the
  ///   rules of zip, of pickle, or of PyTorch.
  /// - Complexity: linear in the pickle and the zip directory; independent of the tensors' size.
  public init(_ path: String, mode: InputMode = .mapped) throws {
    let file = try InputFile(path, mode: mode)
    try self.init(file, ZipDirectory(file))
  }

  init(_ file: InputFile, _ directory: ZipDirectory) throws {
    let objects = try PyTorchArchive.objects(file, directory)
    let state = try StateDictionary(objects)
    records = try state.tensors.map { try objects.record(of: $0.value, name: $0.name) }
    (path, notes) = (file.path, state.notes)
  }

  /// What the pickle of an archive describes, and where the storages are.
  ///
  /// - Throws: ``CheckpointError`` if it breaks the rules of pickle or of PyTorch.
  static func objects(_ file: InputFile, _ directory: ZipDirectory) throws -> TorchObjects {
    let folder = try ArchiveFolder(file, directory.entries)
    return TorchObjects(
      graph: try graph(of: folder), file: file, byteOrder: try folder.byteOrder(),
      storages: try folder.storages())
  }

  private static func graph(of folder: ArchiveFolder) throws -> PickleGraph {
    do {
      return try PickleMachine.run(folder.pickle(), fileByteCount: folder.file.byteCount)
    } catch let fault as PickleMachine.Fault {
      throw CheckpointError(
        fault.reason, in: folder.file.path, "data.pkl byte \(fault.offset): \(fault.detail)")
    }
  }
}

/// The one folder of a PyTorch archive.
private struct ArchiveFolder {
  let file: InputFile
  /// By name within the folder.
  private var entries: [Substring: ZipDirectory.Entry] = [:]

  private static let newestVersion = 10

  init(_ file: InputFile, _ directory: [ZipDirectory.Entry]) throws {
    self.file = file
    let top = directory.first?.name.prefix { $0 != "/" } ?? ""
    for entry in directory {
      guard entry.name.hasPrefix(top + "/") else {
        throw refused("is a zip archive, but not one with a single folder as PyTorch's are")
      }
      entries[entry.name.dropFirst(top.count + 1)] = entry
    }
    guard entries["constants.pkl"] == nil, !entries.keys.contains(where: { $0.hasPrefix("code/") })
    else { throw refused("is a TorchScript program; save its state_dict instead") }
    try requireVersion()
  }

  /// The content of `data.pkl`.
  func pickle() throws -> [UInt8] {
    guard let content = try content(of: "data.pkl", limit: PickleSequence.pickleLimit) else {
      throw refused("is a zip archive without data.pkl, so not PyTorch's")
    }
    return content
  }

  /// Where the storages' bytes lie, by key.
  func storages() throws -> [String: Range<Int>] {
    var storages: [String: Range<Int>] = [:]
    for (name, entry) in entries where name.hasPrefix("data/") {
      storages[String(name.dropFirst("data/".count))] = try storedBytes(of: entry)
    }
    return storages
  }

  func byteOrder() throws -> ByteOrder {
    guard let content = try content(of: "byteorder", limit: 16) else { return .little }
    guard let order = ByteOrder(rawValue: String(decoding: content, as: UTF8.self)) else {
      throw CheckpointError(
        .malformed, in: file.path, "its record 'byteorder' says neither little nor big")
    }
    return order
  }

  private func requireVersion() throws {
    guard let content = try content(of: "version", limit: 16) else { return }
    let digits = String(decoding: content.prefix { $0 > 0x20 }, as: UTF8.self)
    guard let version = Int(digits), (1...ArchiveFolder.newestVersion).contains(version) else {
      throw refused("is of PyTorch's archive version '\(digits)', which is not known")
    }
  }

  private func content(of name: Substring, limit: Int) throws -> [UInt8]? {
    guard let entry = entries[name] else { return nil }
    let bytes = try storedBytes(of: entry)
    guard bytes.count <= limit else {
      throw CheckpointError(
        .malformed, in: file.path, "zip entry '\(entry.name)' of \(bytes.count) bytes is too large")
    }
    return try file.copy(bytes)
  }

  private func storedBytes(of entry: ZipDirectory.Entry) throws -> Range<Int> {
    guard entry.isStored else {
      throw refused("zip entry '\(entry.name)' is compressed, which torch.save never does")
    }
    return entry.bytes
  }

  private func refused(_ detail: String) -> CheckpointError {
    CheckpointError(.unsupported, in: file.path, detail)
  }
}
