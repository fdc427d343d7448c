import Checkpoints
import Glibc
import Reports

/// Files beside a checkpoint that numbers depend on, as inputs of a result.
///
/// - Parameters:
///   - checkpoint: as given on the command line.
///   - tokenizer: files of the tokenizer.
///   - place: the folder that those are in.
/// - Returns: the checkpoint's configuration, if it has one, and the tokenizer's files.
/// - Throws: `CheckpointError` if one cannot be read.
func companionInputs(
  of checkpoint: String, tokenizer: [(bytes: [UInt8], path: String)], from place: String
) throws -> [Provenance.Input] {
  let folder = try modelFolder(checkpoint)
  let configuration = folder + "/config.json"
  var inputs: [Provenance.Input] = []
  func add(_ role: String, _ path: String, _ folder: String, _ bytes: [UInt8]) {
    inputs.append(
      .init(label: baseName(path), role: role, path: path, folder: folder, bytes: bytes))
  }
  if access(configuration, F_OK) == 0 {
    let file = try InputFile(configuration, mode: .pread)
    add("configuration", configuration, folder, try file.content(limit: 1 << 22))
  }
  for file in tokenizer { add("tokenizer", file.path, place, file.bytes) }
  return inputs
}
