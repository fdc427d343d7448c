import ArgumentParser
import Checkpoints
import Geometry
import HDF5
import JSON
import Reports
import Tensors

/// `transect verify`: whether the inputs of a result are still what they were.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Check that the inputs named in a result file still have the content it was made from.",
    discussion: """
      Reads every input, checkpoints and texts, and compares the SHA-256 of its content with the \
      one in the result. Inputs are looked for where the result says: unless it was written with \
      --record-paths, that is the last component of what was named, in the current folder. Name \
      them after the result, in their order, if they are elsewhere; configuration and tokenizer \
      are then looked for beside the first. RESULT may also be a \
      checkpoint that `transect mix` wrote; its inputs are looked for beside it.

      Exit codes: 0 all are the same, 1 one has changed or is no checkpoint any more, 2 the result \
      cannot be read, 3 an input is not there.
      """)

  @Argument(help: "The result file, or a mixed checkpoint.")
  var result: String

  @Argument(help: "The inputs, in the order of the result.")
  var checkpoints: [String] = []

  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions

  func run() throws {
    let records = try InputRecords(of: result, resources.reading)
    let count = records.items.count { !$0.isCompanion }
    guard let places = records.places(checkpoints) else {
      let labels = records.items.filter { !$0.isCompanion }.map(\.label)
      throw ValidationError(
        "the result has \(count.counted("input")), \(labels.joined(separator: ", ").escapedForTerminal), "
          + "and \(checkpoints.count) \(checkpoints.count == 1 ? "is" : "are") named")
    }
    let outcomes = try records.items.indices.map { try outcome($0, at: places[$0], records) }
    let table = table(outcomes)
    try printing.show(
      json: [jsonHeader("verify")] + jsonLines(table, kind: "input"), csv: table,
      text: outcomes.map(\.line))
    if outcomes.contains(where: { $0.status == .changed }) { throw ExitCode(1) }
    if outcomes.contains(where: { $0.status == .missing }) { throw ExitCode(3) }
  }

  private enum Status: String {
    case same = "OK"
    case changed = "CHANGED"
    case missing = "MISSING"
  }

  private struct Outcome {
    let status: Status
    let label: String
    let path: String
    let recorded: String
    let found: String
    let remark: String

    var line: String {
      let word = status.rawValue
      let padding = String(repeating: " ", count: 8 - word.count)
      let remark = remark.isEmpty ? "" : ": " + remark
      return "\(word)\(padding) \(label): \(path)\(remark)".escapedForTerminal
    }
  }

  private func outcome(
    _ index: Int, at path: String, _ records: InputRecords
  ) throws -> Outcome {
    let item = records.items[index]
    func outcome(_ status: Status, found: String = "", _ remark: String = "") -> Outcome {
      Outcome(
        status: status, label: item.label, path: path, recorded: item.digest, found: found,
        remark: remark)
    }
    do {
      let content = try content(of: path, isCheckpoint: item.isCheckpoint)
      let found = content.digest.description
      if found == item.digest { return outcome(.same, found: found) }
      if let remark = stranger(item, found, records) {
        return outcome(.missing, found: found, remark)
      }
      return outcome(.changed, found: found, item.difference(to: content.parameters))
    } catch let error as CheckpointError {
      let isMissing = [.unreadable, .noCheckpoint].contains(error.reason)
      return outcome(isMissing ? .missing : .changed, error.detail)
    }
  }

  /// The digest of an input as it is now, and those of its parameters by canonical name.
  private func content(
    of path: String, isCheckpoint: Bool
  ) throws -> (digest: ContentDigest, parameters: [String: String]) {
    guard isCheckpoint else {
      let file = try InputFile(path, mode: .pread)
      return (ContentDigest(ofBytes: try file.copy(0..<file.byteCount)), [:])
    }
    let model = try ParameterList(openCheckpoint(path, resources.reading))
    let found = try model.digests(threads: resources.threads)
    try model.checkpoint.verifyUnchanged()
    let parameters = zip(found.names.map(\.text), found.digests.map(\.description))
    return (found.model, Dictionary(parameters, uniquingKeysWith: { first, _ in first }))
  }

  /// Why a file that was found by the last component of a path is not the input, if that is plain:
  /// it is another of the inputs, or several bear its name.
  private func stranger(
    _ item: InputRecords.Item, _ found: String, _ records: InputRecords
  ) -> String? {
    guard checkpoints.isEmpty, !records.arePathsWhole else { return nil }
    if let other = records.items.first(where: { $0.digest == found }) {
      return "what is there is \(other.label)"
    }
    let isShared = records.items.contains { $0.path == item.path && $0.digest != item.digest }
    return isShared ? "several inputs have this name; name all of them after the result" : nil
  }

  private func table(_ outcomes: [Outcome]) -> ReportTable {
    ReportTable(
      rowCount: outcomes.count,
      columns: [
        .init("status", .text(outcomes.map(\.status.rawValue))),
        .init("name", .text(outcomes.map(\.label))),
        .init("path", .text(outcomes.map(\.path))),
        .init("recorded", .text(outcomes.map(\.recorded))),
        .init("found", .text(outcomes.map(\.found))),
        .init("remark", .text(outcomes.map(\.remark))),
      ])
  }
}

extension InputRecords.Item {
  /// The parameters that are not what was recorded, in a few words; none if none were recorded.
  ///
  /// - Parameter found: the digests of the parameters that are there now.
  /// - Returns: a remark.
  fileprivate func difference(to found: [String: String]) -> String {
    guard !parameterDigests.isEmpty else { return "" }
    let names = Set(parameterDigests.keys).union(found.keys)
      .filter { parameterDigests[$0] != found[$0] }.sorted()
    let examples = names.prefix(3).joined(separator: ", ")
    return "\(names.count) of \(parameterDigests.count.counted("parameter")): \(examples)"
      + (names.count > 3 ? ", ..." : "")
  }
}
