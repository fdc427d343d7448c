import ArgumentParser
import Checkpoints
import HDF5
import Journals
import Reports

/// `transect merge`: joins the journals of shards into one result.
struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make one result file from the journals of a run's shards.",
    discussion: """
      RUN is a journal that a command with --shard left (shard-K-of-N.M.jsonl), or the folder it lies \
      in (FILE.h5.journal). The result has the bytes of a run without --shard; neither checkpoints \
      nor texts are read. Rows that no journal has are listed and marked pending in the file, and the \
      exit code is 3; run the shards again, in any number of parts, and merge again.

      Journals stay where they are.
      """)

  @Argument(help: "Journals, or folders of journals, of one run.")
  var runs: [String]

  @Option(name: .shortAndLong, help: "The HDF5 file to write.")
  var output: String

  @Flag(help: "Replace the output file if it exists with other content.")
  var force = false

  @Flag(name: .shortAndLong, help: "Print nothing but errors.")
  var quiet = false

  private static let mostListed = 20

  func run() throws {
    try checkOutput(output, against: [])
    let rows = try MergedRows(runs)
    let (plan, merged) = try made(from: rows)
    warn(rows)
    let file = try ResultFile(
      title: plan.title, groups: merged.groups, plan.provenance,
      isComplete: merged.pending.isEmpty)
    try file.write(to: output, force: force)
    try tell(merged)
    if !merged.pending.isEmpty { throw ExitCode(3) }
  }

  private func made(from rows: MergedRows) throws -> (RunPlan, MergedGroups) {
    do {
      let plan = try RunPlan(json: rows.plan)
      return (plan, try plan.merged(rows.rows))
    } catch let fault as PlanFault {
      throw CheckpointError(.malformed, in: runs[0], fault.detail)
    }
  }

  private func warn(_ rows: MergedRows) {
    guard !rows.contradictions.isEmpty, !quiet else { return }
    let first = rows.contradictions[0].prefix(60)
    printError(
      "transect: warning: journals have \(rows.contradictions.count.counted("row")) with different "
        + "numbers, as processors of different kinds give them (\(first)); the first file's are taken"
        .escapedForTerminal)
  }

  private func tell(_ merged: MergedGroups) throws {
    guard !quiet else { return }
    let (missing, total) = (merged.pending.count, merged.rowCount)
    let rest = missing > Merge.mostListed ? ["… and \(missing - Merge.mostListed) more"] : []
    try printLines(
      ["\(total - missing) of \(total.counted("row"))"]
        + (merged.pending.prefix(Merge.mostListed).map { "pending: \($0)" } + rest)
        .map(\.escapedForTerminal))
  }
}
