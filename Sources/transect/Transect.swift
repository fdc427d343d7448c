import ArgumentParser
import Checkpoints
import Glibc
import HDF5
import Reports
import Tensors

/// Straight lines between neural-network checkpoints, and what lies on them.
@main
struct Transect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transect",
    abstract: "Measure what lies between neural-network checkpoints.",
    discussion: """
      A CHECKPOINT is a file (.safetensors, or .bin/.pt/.pth of PyTorch), an index.json of \
      shards, a folder as model hubs lay it out, or a model id in the local Hugging Face cache. \
      Nothing is ever downloaded.

      Exit codes: 0 done, 2 unusable input or output, 3 done with warnings under --strict, \
      64 wrong arguments.
      """,
    version: Provenance.source,
    subcommands: [Norms.self, Inspect.self])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error where isFault(error) {
      printError("transect: \(error)")
      Glibc.exit(2)
    } catch {
      exit(withError: error)
    }
  }

  /// Whether an error is about files rather than arguments.
  private static func isFault(_ error: any Error) -> Bool {
    error is CheckpointError || error is OutputError || error is HDF5Error
  }
}

/// Prints one line on standard error.
func printError(_ line: String) {
  var text = line + "\n"
  text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
