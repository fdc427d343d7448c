import Threads

/// Windows whose positions go through the layers together, row after row.
struct TokenBatch {
  /// The rows of each window.
  private(set) var windows: [Range<Int>] = []
  /// The token of each row.
  private(set) var tokens: [Int32] = []
  /// The position of each row within its window, or the row of a table that stands for it.
  private(set) var positions: [Int] = []
  /// The rows whose result is wanted, ascending.
  private(set) var kept: [Int] = []
  /// The token that follows each kept row.
  private(set) var targets: [Int32] = []

  /// Adds the first tokens of a window, of which the results at some positions are wanted; or the
  /// next ones after as many that the layers have read.
  mutating func add(
    _ window: some Collection<Int32>, after readCount: Int = 0, keeping wanted: some Sequence<Int>,
    targets: some Sequence<Int32> = EmptyCollection<Int32>()
  ) {
    add(window, at: readCount..<readCount + window.count, keeping: wanted, targets: targets)
  }

  /// The same of tokens at any positions.
  mutating func add(
    _ window: some Collection<Int32>, at positions: some Sequence<Int>,
    keeping wanted: some Sequence<Int>, targets: some Sequence<Int32> = EmptyCollection<Int32>()
  ) {
    let first = tokens.count
    tokens += window
    windows.append(first..<tokens.count)
    self.positions += positions
    kept += wanted.map { first + $0 }
    self.targets += targets
  }

  /// Adds a window up to the last token that is needed.
  mutating func add(_ window: ScoredTokens) {
    add(
      window.tokens.prefix(window.readCount), keeping: window.scored.lazy.map { $0 - 1 },
      targets: window.tokens[window.scored])
  }

  /// Shares windows out to batches; those with nothing to score are left out.
  ///
  /// - Parameters:
  ///   - windows: the windows.
  ///   - limit: positions of a batch, unless one window has more.
  ///   - threads: how many work at once.
  /// - Returns: the positions in `windows` of the windows of each batch.
  static func plan(_ windows: [ScoredTokens], limit: Int, threads: Int) -> [[Int]] {
    plan(lengths: windows.map(\.readCount), limit: limit, threads: threads)
  }

  /// Shares windows of some lengths out to batches; empty ones are left out.
  ///
  /// Long windows come first, so that threads end at about the same time, and there are about as
  /// many positions in every batch.
  static func plan(lengths: [Int], limit: Int, threads: Int) -> [[Int]] {
    let order = lengths.indices.filter { lengths[$0] > 0 }
      .sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    let total = order.reduce(0) { $0 + lengths[$1] }
    let fewest = max(total.dividedRoundingUp(by: limit), 1)
    let size = total.dividedRoundingUp(by: fewest.dividedRoundingUp(by: threads) * threads)
    var (batches, room) = ([[Int]](), 0)
    for index in order {
      let count = lengths[index]
      if count > room || batches.isEmpty {
        batches.append([])
        room = max(size, count)
      }
      batches[batches.count - 1].append(index)
      room -= count
    }
    return batches
  }
}

extension TokenBatch {
  /// Rows whose logits are in memory at once.
  static let rowsAtOnce = 16

  /// Takes kept rows a few at a time.
  func forEachPiece(_ body: (Range<Int>) -> Void) {
    for first in stride(from: 0, to: kept.count, by: TokenBatch.rowsAtOnce) {
      body(first..<min(first + TokenBatch.rowsAtOnce, kept.count))
    }
  }

  /// Takes windows in batches.
  ///
  /// - Parameters:
  ///   - windows: the windows, which the model can read.
  ///   - threads: how many work at once.
  ///   - positionsAtOnce: positions of a batch.
  ///   - workspace: makes what a thread computes in, given the positions of the largest batch.
  ///   - body: gives a result for each row that a batch keeps.
  /// - Returns: for each window, the results of its scored tokens.
  /// - Throws: nothing of its own.
  static func map<Workspace, Value: Sendable>(
    _ windows: [ScoredTokens], threads: Int, positionsAtOnce: Int,
    workspace: @escaping @Sendable (Int) -> Workspace,
    _ body: @escaping @Sendable (Workspace, TokenBatch) -> [Value]
  ) throws -> [[Value]] {
    let plan = plan(windows, limit: max(positionsAtOnce, 1), threads: max(threads, 1))
    let batches = plan.map { members in
      members.reduce(into: TokenBatch()) { $0.add(windows[$1]) }
    }
    let largest = batches.map(\.tokens.count).max() ?? 0
    let found = try concurrentMap(
      batches.count, threads: threads, workspace: { workspace(largest) },
      { body($0, batches[$1]) })
    var results = windows.map { _ in [Value]() }
    for (members, values) in zip(plan, found) {
      var rest = values[...]
      for member in members {
        results[member] = Array(rest.prefix(windows[member].scored.count))
        rest = rest.dropFirst(windows[member].scored.count)
      }
    }
    return results
  }
}

extension Int {
  fileprivate func dividedRoundingUp(by divisor: Int) -> Int { (self + divisor - 1) / divisor }
}
