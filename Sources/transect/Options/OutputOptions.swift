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
  /// A result that the same command made may turn out to be the same; ``write(_:)`` sees to that.
  ///
  /// - Parameters:
  ///   - inputs: the checkpoints read.
  ///   - command: what the result will record, if that is known yet.
  /// - Throws: `OutputError` if the output is one of their files or a folder, is there and no result
  ///   of ours or that of another command, or its folder is not there.
  func checkOutput(against inputs: [any Checkpoint], making command: String? = nil) throws {
    guard let output else { return }
    try transect.checkOutput(output, against: inputs)
    try checkResult(output, force: force, making: command)
  }

  /// A file, folder or model id as the result records it.
  func recorded(_ argument: String) -> String { recordedPath(argument, whole: recordPaths) }

  /// The command as the result records it: what shapes it, in a fixed order.
  ///
  /// - Parameters:
  ///   - verb: the command's name.
  ///   - checkpoints: its arguments, as given.
  ///   - base: the value of `--base`, as given, if it has one.
  ///   - options: words that are recorded as they are.
  /// - Returns: one line.
  func command(
    _ verb: String, _ checkpoints: [String] = [], base: String? = nil, options: [String]
  ) -> String {
    let start = base.map { ["--base", recorded($0)] } ?? []
    return (["transect", verb] + checkpoints.map(recorded) + start + options)
      .joined(separator: " ")
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
    try ResultFile(
      title: title, groups: groups,
      Provenance(command: command, inputs: inputs, recordsPaths: recordPaths))
  }

  /// What a result is made from besides rows.
  ///
  /// - Parameters:
  ///   - title: what it is.
  ///   - command: what shaped it.
  ///   - inputs: the checkpoints read.
  ///   - content: what kind of run it is.
  /// - Returns: the plan.
  func plan(
    title: String, command: String, inputs: [Provenance.Input], _ content: RunPlan.Content
  ) -> RunPlan {
    RunPlan(
      title: title, Provenance(command: command, inputs: inputs, recordsPaths: recordPaths),
      content)
  }

  /// A result of a run whose rows are all there.
  ///
  /// - Parameters:
  ///   - plan: what it is made from besides rows.
  ///   - groups: the content.
  /// - Returns: the content of a file.
  /// - Throws: `HDF5Error` if a text cannot be stored.
  func resultFile(_ plan: RunPlan, groups: [ResultGroup]) throws -> ResultFile {
    try ResultFile(title: plan.title, groups: groups, plan.provenance)
  }

  /// Writes a result, if asked to.
  ///
  /// A file that has these very bytes already stays as it is.
  ///
  /// - Parameter result: makes the content.
  /// - Throws: `OutputError` if the file cannot be written or may not be replaced.
  func write(_ result: () throws -> ResultFile) throws {
    guard let output else { return }
    try result().write(to: output, force: force)
  }
}

/// Refuses a file that is there and may not be replaced by a result, before the work is done.
///
/// - Parameters:
///   - output: where the result is to go.
///   - force: whether it may replace anything.
///   - command: what the result will record, if that is known yet.
/// - Throws: `OutputError` if it is a folder, or no result of ours, or that of another command.
func checkResult(_ output: String, force: Bool, making command: String?) throws {
  guard !isFolder(output) else { throw OutputError(output, because: "is a folder; name a file") }
  guard force || access(output, F_OK) != 0 || mayRemain(output, of: command) else {
    throw occupied(output)
  }
}

/// Whether a file is a result that may have the content to be written.
private func mayRemain(_ output: String, of command: String?) -> Bool {
  guard isHDF5File(output),
    let recorded = try? withStoredResult(
      output, groups: ["provenance"], withPending: true,
      { $0.attribute("command", of: "provenance") })
  else { return false }
  return command.map { recorded == .text([$0]) } ?? true
}

extension ResultFile {
  /// A result with the record of what it comes from, and the time of `SOURCE_DATE_EPOCH`, if any.
  ///
  /// - Parameters:
  ///   - title: what it is.
  ///   - groups: the content.
  ///   - provenance: what it comes from.
  ///   - isComplete: whether no row is pending.
  /// - Throws: `HDF5Error` if a text cannot be stored.
  init(
    title: String, groups: [ResultGroup], _ provenance: Provenance, isComplete: Bool = true
  ) throws {
    let date = getenv("SOURCE_DATE_EPOCH").map { String(cString: $0) }
    try self.init(
      attributes: provenance.rootAttributes(title: title, date: date, isComplete: isComplete),
      groups: groups + [provenance.group()])
  }

  /// Writes a result; a file that has these very bytes already stays as it is, and one of the same
  /// command that lacks rows is replaced.
  ///
  /// - Throws: `OutputError` if the file cannot be written or may not be replaced.
  func write(to path: String, force: Bool) throws {
    let image = try checkedImage()
    if access(path, F_OK) == 0 {
      let existing = try InputFile(path, mode: .pread)
      if try existing.byteCount == image.count && existing.copy(0..<image.count) == image { return }
      guard force || isWhole(of: path) else { throw occupied(path) }
    }
    try writeAtomically(image, to: path)
  }

  /// Whether a file is a result of the same command, made while rows were pending.
  private func isWhole(of path: String) -> Bool {
    let commands = groups.filter { $0.name == "provenance" }.flatMap(\.attributes)
      .filter { $0.name == "command" }
    guard case .text(let command)? = commands.first?.value, isHDF5File(path) else { return false }
    let isPart = try? withStoredResult(path, groups: ["provenance"], withPending: true) { stored in
      !stored.isComplete && stored.attribute("command", of: "provenance") == .text([command])
    }
    return isPart ?? false
  }
}

private func occupied(_ output: String) -> OutputError {
  OutputError(output, because: "exists with other content; --force replaces it")
}
