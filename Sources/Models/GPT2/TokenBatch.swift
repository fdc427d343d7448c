/// Windows whose positions go through the layers together, row after row.
struct TokenBatch {
  /// The rows of each window.
  private(set) var windows: [Range<Int>] = []
  /// The token of each row.
  private(set) var tokens: [Int32] = []
  /// The position of each row within its window.
  private(set) var positions: [Int] = []
  /// The rows whose result is wanted, ascending.
  private(set) var kept: [Int] = []
  /// The token that follows each kept row.
  private(set) var targets: [Int32] = []

  /// Adds the first tokens of a window, of which the results at some positions are wanted; or the
  /// next ones after as many that the layers have read.
  mutating func add(
    _ window: some Sequence<Int32>, after readCount: Int = 0, keeping wanted: some Sequence<Int>
  ) {
    let first = tokens.count
    tokens += window
    windows.append(first..<tokens.count)
    positions += readCount..<readCount + tokens.count - first
    kept += wanted.map { first + $0 }
  }

  /// Adds a window up to the last token that is needed.
  mutating func add(_ window: ScoredTokens) {
    add(window.tokens.prefix(window.readCount), keeping: window.scored.lazy.map { $0 - 1 })
    targets += window.tokens[window.scored]
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

extension Int {
  fileprivate func dividedRoundingUp(by divisor: Int) -> Int { (self + divisor - 1) / divisor }
}
