/// Merges the bytes of a word: again and again the pair of the smallest rank, and of equal ones the
/// leftmost, until no pair of neighbours has a rank.
///
/// Words of up to ``searched`` bytes are searched from end to end for each merge; longer ones keep
/// their pairs in a heap, so that a word of a million bytes takes no trillion steps. The ids are
/// the same.
///
/// Source: Sennrich, Haddow & Birch 2016, "Neural Machine Translation of Rare Words with Subword
/// Units", algorithm 1.
struct WordMerger: Sendable {
  private let table: MergeTable
  private let idOfByte: [Int32]
  /// Room for the ids of a word, and for the merge of each with the one after it; the last has
  /// none.
  private var ids = [Int32](repeating: 0, count: WordMerger.searched)
  private var merges = [MergeTable.Merge](repeating: 0, count: WordMerger.searched)

  /// The most bytes of a word for which searching is faster than a heap.
  static let searched = 64

  init(table: MergeTable, idOfByte: [Int32]) {
    (self.table, self.idOfByte) = (table, idOfByte)
  }

  /// Appends the ids of a word, which has at least one byte.
  ///
  /// - Complexity: O(n²) for short words, O(n log n) for longer ones, in at most 24 bytes for each
  ///   byte of the word.
  mutating func append(_ word: UnsafeBufferPointer<UInt8>, to result: inout [Int32]) {
    if word.count <= WordMerger.searched {
      let count = search(word)
      result += ids[..<count]
    } else {
      var merging = HeapMerging(word.map { idOfByte[Int($0)] }, table: table)
      merging.run()
      merging.append(to: &result)
    }
  }

  /// Leaves the merged ids of a word in `ids`, and returns their number.
  private mutating func search(_ word: UnsafeBufferPointer<UInt8>) -> Int {
    begin(word)
    var count = word.count
    while let best = leftmostBest(of: count) {
      count -= 1
      merge(at: best, leaving: count)
    }
    return count
  }

  private mutating func begin(_ word: UnsafeBufferPointer<UInt8>) {
    for (index, byte) in word.enumerated() {
      ids[index] = idOfByte[Int(byte)]
      if index > 0 { merges[index - 1] = table.merge(ids[index - 1], ids[index]) }
    }
    merges[word.count - 1] = MergeTable.none
  }

  private func leftmostBest(of count: Int) -> Int? {
    var (best, place) = (MergeTable.none, Int?.none)
    for index in 0..<count where merges[index] < best {
      (best, place) = (merges[index], index)
    }
    return place
  }

  /// Merges a pair and closes the gap.
  private mutating func merge(at place: Int, leaving count: Int) {
    ids[place] = MergeTable.merged(merges[place])
    for index in place + 1..<max(count, place + 1) {
      (ids[index], merges[index - 1]) = (ids[index + 1], merges[index])
    }
    merges[count - 1] = MergeTable.none
    if place > 0 { merges[place - 1] = table.merge(ids[place - 1], ids[place]) }
    if place + 1 < count { merges[place] = table.merge(ids[place], ids[place + 1]) }
  }
}

/// A long word being merged: a linked list of ids, and a heap of the pairs that can be merged.
private struct HeapMerging {
  private let table: MergeTable
  private var ids: [Int32]
  /// The place of the next id, from each place that has one; its own count at the end.
  private var next: [Int32]
  private var previous: [Int32]
  /// Ranks in the upper half, places in the lower. Pairs that changed stay until they come up.
  private var heap = BinaryHeap<UInt64>()

  private static let merged: Int32 = -1

  init(_ ids: [Int32], table: MergeTable) {
    precondition(ids.count < Int(Int32.max), "a word's places must fit into 32 bits")
    (self.ids, self.table) = (ids, table)
    let count = Int32(ids.count)
    (next, previous) = (Array(1...count), Array(-1..<count - 1))
    for place in ids.indices { push(place) }
  }

  private mutating func push(_ place: Int) {
    guard place >= 0, let merge = merge(at: place) else { return }
    heap.push((merge >> 32) << 32 | UInt64(place))
  }

  private func merge(at place: Int) -> MergeTable.Merge? {
    guard ids[place] != HeapMerging.merged, Int(next[place]) < ids.count else { return nil }
    let merge = table.merge(ids[place], ids[Int(next[place])])
    return merge == MergeTable.none ? nil : merge
  }

  mutating func run() {
    while let top = heap.pop() {
      let place = Int(top & 0xFFFF_FFFF)
      guard let merge = merge(at: place), merge >> 32 == top >> 32 else { continue }
      join(place, into: MergeTable.merged(merge))
    }
  }

  private mutating func join(_ place: Int, into id: Int32) {
    let gone = Int(next[place])
    (ids[place], ids[gone], next[place]) = (id, HeapMerging.merged, next[gone])
    let after = Int(next[place])
    if after < ids.count { previous[after] = Int32(place) }
    push(Int(previous[place]))
    push(place)
  }

  func append(to result: inout [Int32]) {
    var place = 0
    while place < ids.count {
      result.append(ids[place])
      place = Int(next[place])
    }
  }
}
