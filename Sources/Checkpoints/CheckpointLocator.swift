import Glibc
import Tensors

/// Opens the checkpoint that an argument names: a file, an index, a folder, or a model id in
/// the local Hugging Face cache. Nothing is ever fetched.
///
/// - Parameters:
///   - argument: as a user gives it.
///   - mode: how tensors will be read.
/// - Returns: the checkpoint, its headers checked.
/// - Throws: ``CheckpointError`` if there is none, or it cannot be read.
public func openCheckpoint(_ argument: String, mode: InputMode = .mapped) throws -> any Checkpoint {
  if let file = try CheckpointFolder(argument)?.file() {
    return try openFile(file, mode: mode)
  }
  let isThere = access(argument, F_OK) == 0
  if isThere || ![ENOENT, ENOTDIR].contains(errno) { return try openFile(argument, mode: mode) }
  guard let snapshot = HuggingFaceCache().snapshot(of: argument),
    let folder = try CheckpointFolder(snapshot)
  else {
    throw CheckpointError(
      .unreadable, in: argument, "is no file, no folder, and no model in the Hugging Face cache")
  }
  return try openFile(folder.file(), mode: mode)
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

private func openFile(_ path: String, mode: InputMode) throws -> any Checkpoint {
  guard case .json = try FileSignature(InputFile(path, mode: .pread)) else {
    return try openSingleFile(path, mode: mode)
  }
  return try ShardedCheckpoint(index: path, mode: mode)
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
  case .json: throw CheckpointError(.malformed, in: path, "is JSON text where tensors belong")
  case .other(let kind): throw CheckpointError(.unsupported, in: path, "is \(kind)")
  }
}

/// A folder as model hubs lay it out.
struct CheckpointFolder {
  private let path: String
  private let names: Set<String>

  /// The files of a model, the preferred first, as transformers and mergekit choose.
  private static let preferred = [
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json",
  ]
  private static let suffixes = [".safetensors", ".bin", ".pt", ".pth", ".gguf", ".npz"]

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
  func file() throws -> String {
    let found = CheckpointFolder.preferred.first(where: names.contains)
    guard found != nil || !names.contains("adapter_config.json") else {
      throw CheckpointError(
        .noCheckpoint, in: path,
        "the folder holds a PEFT adapter (adapter_config.json), which is no model without its base; "
          + "merge them first, or name the adapter's own file")
    }
    return try path + (path.hasSuffix("/") ? "" : "/") + (found ?? onlyCandidate())
  }

  private func onlyCandidate() throws -> String {
    let candidates = names.filter { name in
      CheckpointFolder.suffixes.contains { name.hasSuffix($0) }
    }.sorted()
    guard candidates.count == 1 else {
      throw CheckpointError(
        .noCheckpoint, in: path,
        candidates.isEmpty
          ? "the folder holds no checkpoint (\(CheckpointFolder.preferred.joined(separator: ", ")))"
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
