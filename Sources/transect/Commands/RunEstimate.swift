import Geometry
import JSON
import Reports

/// What a run will take, as `--dry-run` tells it.
struct RunEstimate {
  /// How many rows there are.
  let rowCount: Int
  /// What each takes, by a probe.
  let secondsOfRow: Double
  /// What a process takes before its first row: opening, digests, distances.
  let secondsOfStart: Double
  /// Bytes of checkpoints that a process reads before its first row.
  let bytesOfStart: Int
  /// Bytes of checkpoints that each row reads.
  let bytesOfRow: Int
  /// Multiplications and additions of a row, 2 for each weight and token; `nil` where reading is all.
  let operationsOfRow: Double?
  /// Memory of a process, besides pages of mapped files.
  let memory: Int
  let threads: Int

  /// The time that each task should take.
  private static let secondsOfTask = 3600.0

  /// Seconds that all rows take one after the other.
  var seconds: Double { secondsOfStart + Double(rowCount) * secondsOfRow }

  /// How many tasks end within an hour, at most one for each row.
  var taskCount: Int {
    let room = max(RunEstimate.secondsOfTask - secondsOfStart, secondsOfRow)
    let count = (Double(rowCount) * secondsOfRow / room).rounded(.up)
    return min(max(Int(min(count, 1e9)), 1), max(rowCount, 1))
  }

  /// Prints it.
  ///
  /// - Parameter printing: in which form.
  /// - Throws: `OutputError` if standard output cannot take it.
  func show(_ printing: PrintOptions) throws {
    try printing.show(
      json: [jsonHeader("estimate", members)], csv: table,
      text: TerminalTable(table).lines(width: TerminalTable.width))
  }

  private var members: [(String, String)] {
    [
      ("rows", "\(rowCount)"), ("seconds_of_row", "\(secondsOfRow)"),
      ("seconds_of_start", "\(secondsOfStart)"), ("bytes_of_start", "\(bytesOfStart)"),
      ("bytes_of_row", "\(bytesOfRow)"),
      ("operations_of_row", operationsOfRow.map { "\($0)" } ?? "null"),
      ("memory", "\(memory)"), ("threads", "\(threads)"), ("seconds", "\(seconds)"),
      ("tasks", "\(taskCount)"),
    ]
  }

  private var table: ReportTable {
    let rows = [
      ("rows", rowCount.grouped, ""),
      ("time of a row", "\(secondsOfRow.brief) s", "with \(threads) threads, by a probe"),
      ("time of a start", "\(secondsOfStart.brief) s", "for each process, before its first row"),
      ("read at a start", RunEstimate.size(bytesOfStart), "checkpoints, for each process"),
      ("read for a row", RunEstimate.size(bytesOfRow), "from the page cache if they fit it"),
      ("operations of a row", operationsOfRow?.brief ?? "", "2 for each weight and token"),
      ("memory of a process", RunEstimate.size(memory), "its own; --memory refuses less"),
      ("time of one process", "\(seconds.brief) s", "for all rows"),
      ("tasks", "\(taskCount)", "for at most an hour each, as --shard k/\(taskCount)"),
    ].filter { !$0.1.isEmpty }
    return ReportTable(
      rowCount: rows.count,
      columns: [
        .init("quantity", heading: "", .text(rows.map(\.0))),
        .init("value", heading: "", .text(rows.map(\.1))),
        .init("remark", heading: "", .text(rows.map(\.2))),
      ])
  }

  private static func size(_ bytes: Int) -> String { "\(MemorySize(byteCount: bytes))" }
}

/// Seconds that work takes, from a part of it.
///
/// The first pieces are done, each time twice as many, until that takes a second; what is left takes
/// as long, for each unit of work, as what the last part had more than the one before.
///
/// - Parameters:
///   - work: of each piece, in any unit.
///   - run: does the first so many pieces.
/// - Returns: an estimate for all pieces; 0 for none.
/// - Throws: what `run` throws.
func probedSeconds(ofAll work: [Int], _ run: (Int) throws -> Void) rethrows -> Double {
  let total = Double(work.reduce(0, +))
  var (count, before) = (1, (work: 0.0, seconds: 0.0))
  while !work.isEmpty {
    count = min(count, work.count)
    let start = StatusLine.now()
    try run(count)
    let last = (
      work: Double(work[..<count].reduce(0, +)), seconds: StatusLine.now() - start
    )
    if count == work.count { return last.seconds }
    if last.seconds >= 1 {
      let gain = max(last.seconds - before.seconds, 0) / max(last.work - before.work, 1)
      return last.seconds + (total - last.work) * gain
    }
    (before, count) = (last, 2 * count)
  }
  return 0
}

extension ResourceOptions {
  /// What reading tensors takes.
  ///
  /// - Parameters:
  ///   - rowCount: rows of the run.
  ///   - seconds: that all take.
  ///   - checkpoints: what is read, once for digests and once for rows.
  /// - Returns: the estimate.
  func estimate(rowCount: Int, seconds: Double, _ checkpoints: [ParameterList]) -> RunEstimate {
    let bytes = checkpoints.reduce(0) { $0 + $1.checkpoint.byteCount }
    return RunEstimate(
      rowCount: rowCount, secondsOfRow: seconds / Double(max(rowCount, 1)), secondsOfStart: 0,
      bytesOfStart: bytes, bytesOfRow: bytes / max(rowCount, 1), operationsOfRow: nil,
      memory: (memory ?? MemorySize(byteCount: 256_000_000)).byteCount, threads: threads)
  }
}
