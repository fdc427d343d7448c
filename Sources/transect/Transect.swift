import ArgumentParser
import Checkpoints
import Evaluation
import Glibc
import HDF5
import Models
import Reports
import Tensors
import Tokenization
import Training

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

      Exit codes: 0 done, or a verdict of yes; 1 a verdict of no; 2 unusable input or output; \
      3 inconclusive, rows pending, or done with warnings under --strict; 64 wrong arguments; 75 interrupted, of \
      path, plane, generate and train with a file to write, and of shards: the same command goes on.
      """,
    version: Provenance.source,
    subcommands: [
      Path.self, Plane.self, Next.self, Generate.self, Score.self, Train.self, Linearity.self,
      Norms.self, Gram.self, Spectrum.self,
      Inspect.self,
      Digest.self, Check.self, Origin.self, Align.self, Mix.self, Solve.self, Verify.self,
      Merge.self, Export.self, Tokenizer.self, ReadResult.self, ReadWeights.self,
    ])

  static func main() {
    // A write beyond the limit of a file's size is to fail with its reason, as on a full disk.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try parseAsRoot()
      try run(&command)
    } catch let error where isFault(error) {
      printError("transect: \("\(error)".escapedForTerminal)")
      Glibc.exit(2)
    } catch {
      exit(withError: error)
    }
  }

  /// Runs a command; arguments that turn out to be wrong only then end with its own usage.
  private static func run(_ command: inout any ParsableCommand) throws {
    do {
      try command.run()
    } catch let error as ValidationError {
      let usage = usageString(for: type(of: command))
      let names = usage.split(separator: " ").prefix { !$0.hasPrefix("[") && !$0.hasPrefix("<") }
      printError("Error: \(error.message.escapedForTerminal)")
      printError("Usage: \(usage)")
      printError("  See '\(names.joined(separator: " ")) --help' for more information.")
      Glibc.exit(ExitCode.validationFailure.rawValue)
    }
  }

  /// Whether an error is about files rather than arguments.
  private static func isFault(_ error: any Error) -> Bool {
    error is ModelError || error is CheckpointError || error is OutputError || error is HDF5Error
      || error is TokenizationError || error is LabelError || error is TrainingError
  }
}

/// Prints lines on standard output.
///
/// - Parameter lines: without their ends.
/// - Throws: `OutputError` if they cannot all be written, as on a full disk.
func printLines(_ lines: [String]) throws {
  guard !lines.isEmpty else { return }
  try printBytes(Array((lines.joined(separator: "\n") + "\n").utf8))
}

/// Writes bytes to standard output.
///
/// - Parameter bytes: any.
/// - Throws: `OutputError` if they cannot all be written, as on a full disk.
func printBytes(_ bytes: [UInt8]) throws {
  guard writeAll(bytes, to: STDOUT_FILENO) else {
    throw OutputError("standard output", because: "cannot be written to the end")
  }
}

/// Prints one line on standard error.
///
/// - Parameter line: without its end.
func printError(_ line: String) {
  _ = writeAll(Array((line + "\n").utf8), to: STDERR_FILENO)
}

private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  bytes.withUnsafeBufferPointer { bytes in
    var done = 0
    while done < bytes.count {
      let count = write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
