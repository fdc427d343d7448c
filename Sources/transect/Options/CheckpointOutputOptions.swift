import ArgumentParser
import Checkpoints
import Glibc

/// Where a new checkpoint goes: a safetensors file, or a folder as model hubs lay it out.
struct CheckpointOutputOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: "The checkpoint to write: a file if it ends in .safetensors, else a folder.")
  var output: String

  @Flag(help: "Replace the output if it exists; else that is refused before any work.")
  var force = false

  func validate() throws {
    guard !output.isEmpty, output != "-" else {
      throw ValidationError("a checkpoint cannot go to standard output; name a file or a folder")
    }
    if let suffix = CheckpointOutputOptions.otherSuffixes.first(where: output.hasSuffix) {
      throw ValidationError(
        "\(output) ends in \(suffix), but checkpoints are written as safetensors: name a file that "
          + "ends in .safetensors, or a folder (with a slash after it, if it is to end so)")
    }
  }

  private static let suffix = ".safetensors"
  /// Of model files in formats that are not written.
  private static let otherSuffixes = [".bin", ".pt", ".pth", ".ckpt", ".gguf", ".h5", ".npz"]

  /// Whether a file of a folder would be read as weights, also instead of those written.
  private static func isWeightFile(_ name: String) -> Bool {
    name == "model.safetensors" || name == "model.safetensors.index.json"
      || name.hasPrefix("model-") && name.hasSuffix(suffix)
  }

  /// Whether the output is one file, rather than a folder.
  var isFile: Bool { output.hasSuffix(CheckpointOutputOptions.suffix) }

  /// The file that will hold the weights.
  var file: String { isFile ? output : output + "/model" + CheckpointOutputOptions.suffix }

  /// Refuses an output that is one of the inputs, or exists, before the work is done.
  ///
  /// - Parameters:
  ///   - inputs: the checkpoints read.
  ///   - isBegun: whether what is there is of the same run.
  /// - Throws: `OutputError` if the output may not be written.
  func check(against inputs: [any Checkpoint], isBegun: Bool = false) throws {
    let isFolderWithSlash = output.count > 1 && output.hasSuffix("/")
    try checkOutput(isFolderWithSlash ? String(output.dropLast()) : output, against: inputs)
    let folders = inputs.flatMap { $0.files.map(\.path) + [$0.path] }.map(folder)
    if !isFile, folders.contains(where: { isSameFile($0, output) }) {
      throw OutputError(output, because: "is the folder of an input; name another one")
    }
    let isOccupied =
      isFile ? access(output, F_OK) == 0 : fileNames(in: output).map { !$0.isEmpty } ?? false
    guard isFile || isFolder(output) || access(output, F_OK) != 0 else {
      throw OutputError(
        output, because: "is a file; name a folder, or a file that ends in .safetensors")
    }
    guard force || isBegun || !isOccupied else {
      throw OutputError(output, because: "exists; --force replaces it")
    }
  }

  /// Writes the checkpoint; nothing is left of it if that fails.
  ///
  /// - Parameters:
  ///   - source: whose configuration and tokenizer go into a folder too.
  ///   - body: writes the weights to a path.
  /// - Throws: what `body` throws; `OutputError` if the files cannot be written.
  func write(carryingFilesOf source: any Checkpoint, _ body: (String) throws -> Void) throws {
    try write(carrying: companionFiles(of: source), body)
  }

  /// Writes the checkpoint; nothing is left of it if that fails.
  ///
  /// - Parameters:
  ///   - companions: files that go into a folder too.
  ///   - configuration: the content of its `config.json`, if that is not among them.
  ///   - body: writes the weights to a path.
  /// - Throws: what `body` throws; `OutputError` if the files cannot be written.
  func write(
    carrying companions: [String], configuration: [UInt8]? = nil, _ body: (String) throws -> Void
  ) throws {
    guard !isFile else { return try body(output) }
    let folder = try AtomicFolder(output)
    for companion in companions { try folder.copy(companion) }
    if let configuration {
      try folder.fill { try writeAtomically(configuration, to: $0 + "/config.json") }
    }
    try folder.fill { try body($0 + "/" + baseName(file)) }
    try folder.commit(removing: CheckpointOutputOptions.isWeightFile)
  }
}
