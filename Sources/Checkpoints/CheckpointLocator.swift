import Glibc
import Tensors

/// Opens the checkpoint that an argument names: a file, an index, a folder, or a model id in
/// the local Hugging Face cache. Nothing is ever fetched.
///
/// - Parameters:
///   - argument: as a user gives it.
///   - rules: how tensors will be read, and what else an argument may be.
/// - Returns: the checkpoint, its headers checked.
/// - Throws: ``CheckpointError`` if there is none, or it cannot be read.
public func openCheckpoint(
  _ argument: String, _ rules: CheckpointReading
) throws -> any Checkpoint {
  if let folder = try CheckpointFolder(argument) { return try open(folder, rules) }
  let isThere = access(argument, F_OK) == 0
  if isThere || ![ENOENT, ENOTDIR].contains(errno) { return try openFile(argument, rules) }
  guard let snapshot = HuggingFaceCache().snapshot(of: argument),
    let folder = try CheckpointFolder(snapshot)
  else {
    throw CheckpointError(
      .unreadable, in: argument, "is no file, no folder, and no model in the Hugging Face cache")
  }
  return try open(folder, rules)
}

/// Opens the checkpoint that an argument names; see ``openCheckpoint(_:_:)``.
///
/// - Parameters:
///   - argument: as a user gives it.
///   - mode: how tensors will be read.
/// - Returns: the checkpoint, its headers checked.
/// - Throws: ``CheckpointError`` if there is none, or it cannot be read.
public func openCheckpoint(_ argument: String, mode: InputMode = .mapped) throws -> any Checkpoint {
  try openCheckpoint(argument, CheckpointReading(mode: mode))
}

private func open(
  _ folder: CheckpointFolder, _ rules: CheckpointReading
) throws -> any Checkpoint {
  if rules.mergesAdapters, folder.holdsAdapterAlone {
    return try MergedAdapter(folder: folder.path, rules)
  }
  return try folder.holdsBlocks
    ? DistributedCheckpoint(folder: folder.path, mode: rules.mode)
    : openFile(folder.file(rules), rules)
}

/// The folder of the model that an argument names: the argument itself, the folder of a file, or a
/// snapshot in the local Hugging Face cache.
///
/// - Parameter argument: as a user gives it.
/// - Returns: the folder's path.
/// - Throws: ``CheckpointError`` if there is none.
public func modelFolder(_ argument: String) throws -> String {
  var status = stat()
  if stat(argument, &status) == 0 {
    return status.st_mode & S_IFMT == S_IFDIR ? argument : folder(of: argument)
  }
  guard let snapshot = HuggingFaceCache().snapshot(of: argument) else {
    throw CheckpointError(
      .unreadable, in: argument, "is no file, no folder, and no model in the Hugging Face cache")
  }
  return snapshot
}

private func openFile(_ path: String, _ rules: CheckpointReading) throws -> any Checkpoint {
  switch try FileSignature(InputFile(path, mode: .pread)) {
  case .json: return try ShardedCheckpoint(index: path, mode: rules.mode)
  case .hdf5 where rules.allowsHDF5: return try HDF5Checkpoint(path, mode: rules.mode)
  default: return try openSingleFile(path, mode: rules.mode)
  }
}

/// Opens a checkpoint that is one file, by its first bytes.
///
/// - Parameters:
///   - path: the file.
///   - mode: how tensors will be read.
///   - index: the index that names the file, if one does.
/// - Returns: the checkpoint, its headers checked.
/// - Throws: ``CheckpointError`` if it is missing or no checkpoint.
func openSingleFile(
  _ path: String, mode: InputMode, partOf index: String? = nil
) throws -> any Checkpoint {
  if let index, access(path, F_OK) != 0 {
    throw CheckpointError(.incomplete, in: index, "shard \(baseName(path)) is missing")
  }
  let file = try InputFile(path, mode: mode)
  switch try FileSignature(file) {
  case .safetensors: return try SafetensorsFile(file)
  case .zip:
    let directory = try ZipDirectory(file)
    return try NumPyArchive.isOne(directory)
      ? NumPyArchive(file, directory) : PyTorchArchive(file, directory)
  case .npy: return try NumPyFile(file)
  case .gguf: return try GGUFFile(file)
  case .torchLegacy: return try PyTorchLegacyFile(file)
  case .onnx: return try ONNXFile(file, mode: mode)
  case .hdf5:
    throw CheckpointError(
      .unsupported, in: path, "is an HDF5 file, which is read only with --allow-hdf5-input")
  case .json: throw CheckpointError(.malformed, in: path, "is JSON text where tensors belong")
  case .other(let kind): throw CheckpointError(.unsupported, in: path, "is \(kind)")
  }
}

/// A folder as model hubs lay it out.
struct CheckpointFolder {
  let path: String
  private let names: Set<String>

  /// The files of a model, the preferred first, as transformers and mergekit choose.
  private static let preferred = [
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json",
  ]
  private static let suffixes = [".safetensors", ".bin", ".pt", ".pth", ".gguf", ".npz", ".onnx"]
  private static let hdf5Names = ["tf_model.h5", "model.weights.h5"]

  /// Lists a folder, or is `nil` if `path` is none.
  init?(_ path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    guard let names = fileNames(in: path) else {
      throw CheckpointError(.unreadable, in: path, "cannot be listed: \(systemMessage(errno))")
    }
    (self.path, self.names) = (path, Set(names))
  }

  /// The file to open: the first of the preferred names, else the only checkpoint there.
  func file(_ rules: CheckpointReading) throws -> String {
    guard !holdsAdapterAlone else {
      throw CheckpointError(
        .noCheckpoint, in: path,
        "the folder holds a PEFT adapter (adapter_config.json), which is no model without its base; "
          + "--merge-adapter reads both, or name the adapter's own file")
    }
    let hdf5 = CheckpointFolder.hdf5Names.first(where: names.contains)
    let found = preferredName ?? (rules.allowsHDF5 ? hdf5 : nil)
    return try path + (path.hasSuffix("/") ? "" : "/") + (found ?? onlyCandidate(besides: hdf5))
  }

  /// Whether there is an adapter of PEFT and no model.
  var holdsAdapterAlone: Bool {
    preferredName == nil && names.contains(AdapterConfiguration.fileName)
  }

  /// Whether there is a checkpoint of `torch.distributed.checkpoint` and no other.
  var holdsBlocks: Bool {
    preferredName == nil && names.contains(BlockMetadata.fileName)
      && names.contains { $0.hasSuffix(".distcp") }
  }

  private var preferredName: String? { CheckpointFolder.preferred.first(where: names.contains) }

  private func onlyCandidate(besides hdf5: String?) throws -> String {
    let candidates = names.filter { name in
      CheckpointFolder.suffixes.contains { name.hasSuffix($0) }
    }.sorted()
    guard candidates.count == 1 else {
      let preferred = CheckpointFolder.preferred.joined(separator: ", ")
      let hint = hdf5.map { "; \($0) is read only with --allow-hdf5-input" } ?? ""
      throw CheckpointError(
        .noCheckpoint, in: path,
        candidates.isEmpty
          ? "the folder holds no checkpoint (\(preferred))" + hint
          : "the folder holds several checkpoints, name one: "
            + candidates.prefix(5).joined(separator: ", "))
    }
    return candidates[0]
  }
}

/// The last component of a path.
///
/// - Parameter path: components separated by slashes.
/// - Returns: what follows the last slash that is not at the end.
public func baseName(_ path: String) -> String {
  path.split(separator: "/").last.map(String.init) ?? path
}

/// The path of a file in the folder of another.
///
/// - Parameters:
///   - name: the file's, with no slash before it.
///   - path: the other's.
/// - Returns: the path, relative if the other's is.
func sibling(_ name: String, of path: String) -> String { upToLastSlash(path) + name }

/// The folder that holds a file, with a slash at its end.
///
/// - Parameter path: of the file.
/// - Returns: the folder; `./` if the path names none.
public func folder(of path: String) -> String {
  let folder = upToLastSlash(path)
  return folder.isEmpty ? "./" : folder
}

private func upToLastSlash(_ path: String) -> String {
  path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
}
