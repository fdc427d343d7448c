import Journals
import Models

/// The losses of many combinations of the same checkpoints on the same texts.
///
/// Of mixtures one set of weights is in memory, computed anew from the checkpoints at each point; of
/// ensembles the checkpoints are. Nothing is written but the journal.
public final class Sweep {
  private let models: any LanguageModelFamily
  private let texts: [ScoredText]
  private let threads: Int
  private let journal: Journal?

  /// Prepares a sweep.
  ///
  /// - Parameters:
  ///   - models: the checkpoints and what is combined of them.
  ///   - texts: what to score.
  ///   - threads: how many work at once; numbers do not depend on it.
  ///   - journal: keeps finished points, and has those of an interrupted run.
  public init(
    _ models: any LanguageModelFamily, texts: [ScoredText], threads: Int, journal: Journal?
  ) {
    (self.models, self.texts) = (models, texts)
    (self.threads, self.journal) = (threads, journal)
  }

  /// Tokens that a point takes through the model.
  public var tokensPerPoint: Int {
    texts.reduce(0) { $0 + $1.windows.reduce(0) { $0 + $1.tokens.count } }
  }

  /// Tokens of each window, text by text.
  public var tokensOfWindows: [Int] { texts.flatMap { $0.windows.map(\.tokens.count) } }

  /// Evaluates points on the first windows alone, and keeps nothing: a probe of the time it takes.
  ///
  /// - Parameters:
  ///   - coefficients: of each point.
  ///   - count: of windows, text by text.
  /// - Throws: what ``points(at:progress:)`` throws.
  public func probe(at coefficients: [[Double]], windows count: Int) throws {
    var left = count
    let parts = texts.map { text in
      defer { left -= min(left, text.windows.count) }
      return text.prefix(left)
    }
    _ = try models.losses(
      on: parts.filter { !$0.windows.isEmpty }, at: coefficients, threads: threads)
  }

  /// Evaluates points, or finds them in the journal.
  ///
  /// - Parameters:
  ///   - coefficients: of each point, one for each checkpoint, finite, not all 0.
  ///   - progress: hears how many points were evaluated, each time some were.
  /// - Returns: the points with their losses.
  /// - Throws: `CheckpointError` or `ModelError` if weights cannot be read or are not finite;
  ///   `OutputError` if the journal cannot be written.
  public func points(
    at coefficients: [[Double]], progress: (Int) -> Void = { _ in }
  ) throws -> [SweepPoint] {
    var found: [String: [CorpusLoss]] = [:]
    var missing: [[Double]] = []
    for point in coefficients where found[SweepRow.key(point)] == nil {
      found[SweepRow.key(point)] = kept(point) ?? []
      if kept(point) == nil { missing.append(point) }
    }
    for first in stride(from: 0, to: missing.count, by: models.pointsAtOnce) {
      let some = Array(missing[first...].prefix(models.pointsAtOnce))
      for (point, losses) in zip(some, try models.losses(on: texts, at: some, threads: threads)) {
        try journal?.append(SweepRow.key(point), SweepRow.json(losses))
        found[SweepRow.key(point)] = losses
      }
      progress(some.count)
    }
    return coefficients.map {
      SweepPoint(coefficients: $0, losses: found[SweepRow.key($0)] ?? [])
    }
  }

  private func kept(_ point: [Double]) -> [CorpusLoss]? {
    journal?.rows[SweepRow.key(point)].flatMap {
      SweepRow.losses($0, tokenCounts: texts.map(\.tokenCounts))
    }
  }

  /// Whether a point needs no evaluation any more.
  ///
  /// - Parameter coefficients: of the point.
  /// - Returns: whether the journal has it.
  public func isDone(_ coefficients: [Double]) -> Bool {
    kept(coefficients) != nil
  }
}
