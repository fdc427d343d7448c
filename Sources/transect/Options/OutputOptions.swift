import ArgumentParser
import Checkpoints
import Glibc
import HDF5
import Reports
import Tensors

/// Into which file a result goes.
struct OutputOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "Also write everything to this HDF5 file.")
  var output: String?

  @Flag(help: "Replace the output file if it exists with other content.")
  var force = false

  @Flag(help: "Record whole paths in the output file, not only their last components.")
  var recordPaths = false

  func validate() throws {
    guard output != "" else { throw ValidationError("--output needs the name of a file") }
    guard output != "-" else {
      throw ValidationError("an HDF5 file cannot go to standard output; name a file")
    }
  }

  /// Refuses an output that is one of the inputs, before the work is done.
  ///
  /// - Parameter inputs: the checkpoints read.
  /// - Throws: `OutputError` if the output is one of their files, or its folder is not there.
  func checkOutput(against inputs: [any Checkpoint]) throws {
    guard let output else { return }
    try transect.checkOutput(output, against: inputs)
  }

  /// A result with the record of what it comes from.
  ///
  /// - Parameters:
  ///   - title: what it is.
  ///   - command: what shaped it.
  ///   - inputs: the checkpoints read.
  ///   - groups: the content.
  /// - Returns: the content of a file.
  /// - Throws: `HDF5Error` if a text cannot be stored.
  func resultFile(
    title: String, command: String, inputs: [Provenance.Input], groups: [ResultGroup]
  ) throws -> ResultFile {
    let provenance = Provenance(command: command, inputs: inputs, recordsPaths: recordPaths)
    return try ResultFile(
      attributes: provenance.rootAttributes(title: title, date: date),
      groups: groups + [provenance.group()])
  }

  /// Writes a result, if asked to.
  ///
  /// A file that has these very bytes already stays as it is.
  ///
  /// - Parameter result: makes the content.
  /// - Throws: `OutputError` if the file cannot be written or may not be replaced.
  func write(_ result: () throws -> ResultFile) throws {
    guard let output else { return }
    let image = try result().checkedImage()
    if access(output, F_OK) == 0 {
      let existing = try InputFile(output, mode: .pread)
      if try existing.byteCount == image.count && existing.copy(0..<image.count) == image { return }
      guard force else {
        throw OutputError(output, because: "exists with other content; --force replaces it")
      }
    }
    try writeAtomically(image, to: output)
  }

  /// The time to record: `SOURCE_DATE_EPOCH`, or none.
  private var date: String? { getenv("SOURCE_DATE_EPOCH").map { String(cString: $0) } }
}
