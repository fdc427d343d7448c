/// Two tokens beside each other; ordered by the left id, then the right.
struct TokenPair: Hashable, Comparable, Sendable {
  private let ids: UInt64

  init(_ left: Int32, _ right: Int32) {
    ids = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  var left: Int32 { Int32(truncatingIfNeeded: ids >> 32) }
  var right: Int32 { Int32(truncatingIfNeeded: ids) }

  static func < (first: TokenPair, second: TokenPair) -> Bool { first.ids < second.ids }
}

/// How often pairs of tokens occur, in which words, and which comes next.
///
/// The most frequent pair comes first, of equal ones the smallest. A pair that was merged before
/// comes before all others when it occurs again, since encoding merges it as soon as it meets it;
/// it can do so only where two merges make the same token.
///
/// The heap is lazy: an entry holds the count its pair had when it went in. Counts that have fallen
/// are set right when the entry comes up; counts that have risen get another entry.
struct PairTable {
  private struct Occurrences {
    var count = 0
    /// Words that hold the pair, or did.
    var words: [Int32] = []
    var isMerged = false
    /// The number of the merge that last added to it.
    var touched = -1

    var priority: Int { isMerged && count > 0 ? .max : count }

    /// Counts more in a word; returns whether that is the first time in a merge.
    mutating func rise(by rise: Int, in word: Int32, _ mergeNumber: Int) -> Bool {
      count += rise
      if words.last != word { words.append(word) }
      defer { touched = mergeNumber }
      return touched != mergeNumber
    }
  }

  private struct Entry: Comparable {
    let priority: Int
    let pair: TokenPair

    static func < (first: Entry, second: Entry) -> Bool {
      first.priority != second.priority
        ? first.priority > second.priority : first.pair < second.pair
    }
  }

  private var occurrences: [TokenPair: Occurrences] = [:]
  private var heap = BinaryHeap<Entry>()
  /// Pairs that have become more frequent since the last merge.
  private var risen: [TokenPair] = []
  private var mergeNumber = 0

  /// Adds occurrences in a word.
  mutating func add(_ count: Int, of pair: TokenPair, in word: Int32) {
    let number = mergeNumber
    let isFirst = occurrences[pair, default: Occurrences()].rise(by: count, in: word, number)
    if isFirst { risen.append(pair) }
  }

  /// Takes occurrences away.
  mutating func remove(_ count: Int, of pair: TokenPair) {
    guard let place = occurrences.index(forKey: pair) else { return }
    occurrences.values[place].count -= count
    let found = occurrences.values[place]
    if found.count == 0, !found.isMerged { occurrences.remove(at: place) }
  }

  /// Ends a merge: its pair occurs no longer, and pairs that have become more frequent go into the
  /// heap.
  ///
  /// - Parameter merged: the pair, or `nil` before the first merge.
  mutating func settle(after merged: TokenPair?) {
    if let merged { occurrences[merged]?.count = 0 }
    for pair in risen { push(pair) }
    risen.removeAll(keepingCapacity: true)
    mergeNumber += 1
  }

  private mutating func push(_ pair: TokenPair) {
    guard let priority = occurrences[pair]?.priority, priority > 0 else { return }
    heap.push(Entry(priority: priority, pair: pair))
  }

  /// The pair that comes next, if it occurs often enough.
  mutating func next(atLeast minimum: Int) -> TokenPair? {
    while let entry = heap.pop() {
      let priority = occurrences[entry.pair]?.priority ?? 0
      if priority == entry.priority { return priority >= minimum ? entry.pair : nil }
      if priority < entry.priority { push(entry.pair) }
    }
    return nil
  }

  /// Begins a merge: marks a pair as merged.
  ///
  /// - Returns: words that hold it, some perhaps more than once or no longer, and whether it was
  ///   merged before.
  mutating func take(_ pair: TokenPair) -> (words: [Int32], isRepeated: Bool) {
    guard let place = occurrences.index(forKey: pair) else { return ([], false) }
    defer { (occurrences.values[place].words, occurrences.values[place].isMerged) = ([], true) }
    return (occurrences.values[place].words, occurrences.values[place].isMerged)
  }
}
