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
      Reads every input and compares the SHA-256 of its content with the one in the result. Inputs are \
      looked for where the result says, which is only their last component unless it was written with \
      --record-paths; name them after the result if they are elsewhere, in their order.

      Exit codes: 0 all are the same, 1 one has changed or is no checkpoint any more, 2 the result \
      cannot be read, 3 an input is not there.
      """)

  @Argument(help: "The result file.")
  var result: String

  @Argument(help: "The inputs, in the order of the result.")
  var checkpoints: [String] = []

  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions

  func run() throws {
    let outcomes = try inputs().map(outcome)
    let table = table(outcomes)
    try printing.show(
      json: [jsonHeader("verify")] + jsonLines(table, kind: "input"), csv: table,
      text: outcomes.map(line))
    if outcomes.contains(where: { $0.status == "CHANGED" }) { throw ExitCode(1) }
    if outcomes.contains(where: { $0.status == "MISSING" }) { throw ExitCode(3) }
  }

  private typealias Outcome = (status: String, input: Input, found: String, remark: String)

  private struct Input {
    let label: String
    let path: String
    let digest: String
  }

  private func inputs() throws -> [Input] {
    let (labels, paths, digests) = try withStoredResult(result, groups: ["provenance"]) { stored in
      try (
        stored.texts("input", in: "provenance"), stored.texts("path", in: "provenance"),
        stored.texts("content_digest", in: "provenance")
      )
    }
    guard checkpoints.isEmpty || checkpoints.count == labels.count else {
      throw ValidationError(
        "the result has \(labels.count) inputs, and \(checkpoints.count) are named")
    }
    guard paths.count == labels.count, digests.allSatisfy({ $0.utf8.count == 64 }) else {
      throw CheckpointError(.malformed, in: result, "holds no digests of its inputs")
    }
    let places = checkpoints.isEmpty ? paths : checkpoints
    return labels.indices.map { .init(label: labels[$0], path: places[$0], digest: digests[$0]) }
  }

  private func outcome(_ input: Input) throws -> Outcome {
    do {
      let model = try ParameterList(openCheckpoint(input.path, mode: resources.io))
      let found = try model.modelDigest(threads: resources.threads).description
      try model.checkpoint.verifyUnchanged()
      return (found == input.digest ? "OK" : "CHANGED", input, found, "")
    } catch let error as CheckpointError {
      let isMissing = [.unreadable, .noCheckpoint].contains(error.reason)
      return (isMissing ? "MISSING" : "CHANGED", input, "", error.detail)
    }
  }

  private func line(_ outcome: Outcome) -> String {
    let status = outcome.status + String(repeating: " ", count: 8 - outcome.status.count)
    let remark = outcome.remark.isEmpty ? "" : ": " + outcome.remark
    return "\(status) \(outcome.input.label): \(outcome.input.path)\(remark)".escapedForTerminal
  }

  private func table(_ outcomes: [Outcome]) -> ReportTable {
    ReportTable(
      rowCount: outcomes.count,
      columns: [
        .init("status", .text(outcomes.map(\.status))),
        .init("name", .text(outcomes.map(\.input.label))),
        .init("path", .text(outcomes.map(\.input.path))),
        .init("recorded", .text(outcomes.map(\.input.digest))),
        .init("found", .text(outcomes.map(\.found))),
        .init("remark", .text(outcomes.map(\.remark))),
      ])
  }
}
