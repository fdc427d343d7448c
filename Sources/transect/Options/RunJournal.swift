import Checkpoints
import Journals

extension OutputOptions {
  /// The journal beside the output, if there is one.
  ///
  /// - Parameter facts: what tells its run from others: inputs, and options that change what a point
  ///   is, not which points are wanted.
  /// - Returns: the journal, with the rows of an interrupted run.
  /// - Throws: `OutputError` if it cannot be used, or holds rows of another run.
  func journal(of facts: [String]) throws -> Journal? {
    guard let output else { return nil }
    let run = ContentDigest(ofBytes: Array(facts.joined(separator: "\n").utf8))
    return try Journal(in: output + ".journal", run: run.description, discardingOthers: force)
  }
}
