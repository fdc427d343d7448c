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
  try configurationInputs(of: checkpoint)
    + tokenizer.map {
      .init(
        label: baseName($0.path), role: "tokenizer", path: $0.path, folder: place, bytes: $0.bytes)
    }
}

/// The configuration beside a checkpoint, as an input of a result.
///
/// - Parameters:
///   - checkpoint: as given on the command line.
///   - label: the checkpoint's, if it is not the first.
/// - Returns: one input, or none if there is no such file.
/// - Throws: `CheckpointError` if it cannot be read.
func configurationInputs(
  of checkpoint: String, label: String? = nil
) throws -> [Provenance.Input] {
  let folder = try modelFolder(checkpoint)
  let path = folder + "/config.json"
  guard access(path, F_OK) == 0 else { return [] }
  let name = (label.map { $0 + "/" } ?? "") + "config.json"
  let bytes = try InputFile(path, mode: .pread).content(limit: 1 << 22)
  return [.init(label: name, role: "configuration", path: path, folder: folder, bytes: bytes)]
}
