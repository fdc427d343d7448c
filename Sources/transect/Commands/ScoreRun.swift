import Evaluation
import Journals
import Reports

/// Texts of a shard, scored some at a time.
struct ScoreRun {
  let sets: [TextSet]
  let scorer: TextScorer
  let threads: Int
  let plan: ScorePlan

  /// Rows that are scored between two writes of the journal, for each thread.
  private static let partsOfThread = 4

  /// Finishes the texts of a part, and writes no result.
  ///
  /// - Parameters:
  ///   - keeper: keeps rows, and says which part.
  ///   - printing: whether a person is told how far it is.
  ///   - whole: what the result will be made from.
  /// - Throws: `ModelError` if a scorer cannot read a text; `OutputError` if the journal cannot be
  ///   written.
  func finish(_ keeper: RunJournal, _ printing: PrintOptions, _ whole: RunPlan) throws {
    guard let journal = keeper.journal, let shard = keeper.shard else { return }
    let parts = plan.parts
    let mine = shard.rows(ofWork: parts.map(work)).map { parts[$0] }
    let missing = mine.filter { !ScorePlan.isDone($0, in: journal.rows) }
    keeper.tell(mine.count - missing.count, of: mine.count, in: parts.count, printing)
    try keeper.begin(whole)
    for some in missing.chunks(of: ScoreRun.partsOfThread * threads) {
      let scores = try scorer.scores(of: some.map(texts), threads: threads)
      try journal.append(
        zip(some, scores).map { (ScorePlan.key(of: $0), try ScorePlan.json($1)) })
    }
  }

  /// What texts take, by a probe of the first ones.
  ///
  /// - Parameters:
  ///   - sets: the texts.
  ///   - opened: what scores them.
  ///   - memory: bytes that texts take.
  ///   - resources: threads.
  /// - Returns: the estimate, of rows of texts.
  /// - Throws: `ModelError` if a scorer cannot read a text.
  static func estimate(
    of sets: [TextSet], by opened: OpenedScorers, memory: Int, _ resources: ResourceOptions
  ) throws -> RunEstimate {
    let texts = sets.flatMap(\.texts)
    let seconds = try probedSeconds(ofAll: texts.map { $0.text.count + $0.prompt.count + 1 }) {
      _ = try opened.scorer.scores(
        of: [TextSet("probe", texts: Array(texts.prefix($0)))], threads: resources.threads)
    }
    let plan = ScorePlan(sets, quantities: [], wordRule: .whitespace, attributes: [])
    return RunEstimate(
      rowCount: plan.parts.count, secondsOfRow: seconds / Double(max(plan.parts.count, 1)),
      secondsOfStart: 0, bytesOfStart: opened.byteCount, bytesOfRow: 0, operationsOfRow: nil,
      memory: opened.byteCount + memory, threads: resources.threads)
  }

  private func texts(of part: ScorePlan.Part) -> TextSet {
    let set = sets[part.set]
    return TextSet(set.name, at: set.coordinates, texts: Array(set.texts[part.texts]))
  }

  /// Bytes to read, with what each text takes besides.
  private func work(of part: ScorePlan.Part) -> Int {
    sets[part.set].texts[part.texts].reduce(0) { $0 + $1.text.count + $1.prompt.count + 16 }
  }
}

extension Array {
  /// The elements, some at a time.
  ///
  /// - Parameter length: of each piece but the last, at least 1.
  /// - Returns: the pieces.
  func chunks(of length: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: length).map { self[$0..<Swift.min($0 + length, count)] }
  }
}
