import Checkpoints
import JSON
import Journals
import Reports

/// Where the rows of a run are kept while it works, and which of them are this process's.
struct RunJournal {
  /// The journal, with the rows of runs before and of other processes; none without an output file.
  let journal: Journal?
  /// The part of this process; `nil` if it has all rows.
  let shard: Shard?

  /// Opens the journal beside the output, if there is one.
  ///
  /// - Parameters:
  ///   - output: where the result goes.
  ///   - sharding: which part of the rows this process has; a dry run keeps no journal.
  ///   - printing: whether a person is told so.
  ///   - inputs: whose content tells its run from others.
  ///   - facts: options that change what a row is, not which rows are wanted.
  /// - Throws: `OutputError` if it cannot be used, or holds rows of another run.
  init(
    _ output: OutputOptions, _ sharding: ShardOptions, _ printing: PrintOptions,
    of inputs: [Provenance.Input], _ facts: [String]
  ) throws {
    let part = sharding.dryRun ? nil : try sharding.part(of: output)
    shard = part?.shard
    guard let path = output.output, !sharding.dryRun else {
      journal = nil
      return
    }
    if let part, !printing.quiet { printError("transect: shard \(part.shard), by \(part.source)") }
    let lines = inputs.map { "\($0.role) \($0.digest)" } + facts
    let run = ContentDigest(ofBytes: Array(lines.joined(separator: "\n").utf8))
    journal = try Journal(
      in: path + ".journal", run: run.description, shard: shard, discardingOthers: output.force)
  }

  /// Begins the journal of a shard with what the result is made from.
  ///
  /// - Parameter plan: of the whole run.
  /// - Throws: `OutputError` if it cannot be written.
  func begin(_ plan: RunPlan) throws {
    try journal?.append(MergedRows.planKey, jsonText(plan))
  }

  /// Says how far a shard's run is.
  ///
  /// - Parameters:
  ///   - done: rows that are finished.
  ///   - count: rows of the shard.
  ///   - total: rows of all shards.
  ///   - printing: whether a person is told.
  func tell(_ done: Int, of count: Int, in total: Int, _ printing: PrintOptions) {
    guard !printing.quiet else { return }
    printError(
      "transect: \(done) of the shard's \(count) rows were finished before; \(total) in all")
  }

  /// Which of a shard's rows are not finished; says how many are.
  ///
  /// - Parameters:
  ///   - mine: numbers of the shard's rows.
  ///   - total: rows of all shards.
  ///   - printing: whether a person is told.
  ///   - key: of a row.
  /// - Returns: numbers, in the same order.
  func missing(
    _ mine: [Int], of total: Int, _ printing: PrintOptions, key: (Int) -> String
  ) -> [Int] {
    let missing = mine.filter { journal?.rows[key($0)] == nil }
    tell(mine.count - missing.count, of: mine.count, in: total, printing)
    return missing
  }

  /// Elements of tensors that are read between two writes of the journal: a second's work or so.
  static let elementsAtOnce = 1 << 28
}

extension [Int] {
  /// The elements in pieces of about so much work; no piece is empty.
  ///
  /// - Parameters:
  ///   - most: that a piece has, unless its one element has more.
  ///   - work: of an element.
  /// - Returns: the pieces.
  func chunks(ofWork most: Int, _ work: (Int) -> Int) -> [[Int]] {
    var (pieces, room): ([[Int]], Int) = ([], 0)
    for element in self {
      if pieces.isEmpty || work(element) > room {
        pieces.append([])
        room = most
      }
      pieces[pieces.count - 1].append(element)
      room -= work(element)
    }
    return pieces
  }
}
