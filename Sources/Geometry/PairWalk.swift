import Checkpoints
import Tensors
import Threads

/// How much of the machine a walk may use.
public struct WalkResources: Sendable {
  /// Threads that work at once, at least 1.
  public var threads: Int
  /// Bytes that all scratch memory together may take.
  public var scratchByteCount: Int

  /// Creates a limit.
  ///
  /// - Parameters:
  ///   - threads: at least 1.
  ///   - scratchByteCount: for all threads together; at least one block each is always taken.
  public init(threads: Int, scratchByteCount: Int) {
    (self.threads, self.scratchByteCount) = (max(threads, 1), scratchByteCount)
  }

  /// The most elements that a thread may read at once: whole blocks, at least one.
  ///
  /// - Parameters:
  ///   - byteCount: scratch memory that a block of ``TensorDifference/blockLength`` needs.
  ///   - longest: a multiple of the block length.
  /// - Returns: elements, a multiple of the block length.
  func pieceLength(scratchPerBlock byteCount: Int, atMost longest: Int) -> Int {
    guard byteCount > 0 else { return longest }
    let blocks = scratchByteCount / threads / byteCount
    return min(max(blocks, 1) * TensorDifference.blockLength, longest)
  }
}

/// One pass over a base and any number of others, in lockstep.
///
/// Each piece of a base's tensor is read once and compared with the same piece of every other,
/// while it is in the cache.
public struct PairWalk: Sendable {
  private let items: [WalkItem]
  private let pairCounts: [Int]

  /// Plans a walk.
  ///
  /// - Parameter pairings: those of one base with each other.
  public init(_ pairings: [CheckpointPairing]) { self.init(pairs: pairings.map(\.pairs)) }

  /// Plans a walk over some pairs.
  ///
  /// - Parameter pairings: lists of pairs, those of one base with each other.
  public init(pairs pairings: [[TensorPair]]) {
    var grouped: [WalkItem.Key: Int] = [:]
    var items: [WalkItem] = []
    grouped.reserveCapacity(pairings.first?.count ?? 0)
    for (pairing, content) in pairings.enumerated() {
      for (position, pair) in content.enumerated() {
        let key = WalkItem.Key(pair.base)
        let slot = grouped[key] ?? items.count
        if slot == items.count { items.append(WalkItem(ElementReader(pair.base))) }
        grouped[key] = slot
        items[slot].others.append((ElementReader(pair.other), pairing, position))
      }
    }
    self.items = items
    pairCounts = pairings.map(\.count)
  }

  /// Compares everything.
  ///
  /// - Parameter resources: how much of the machine to use.
  /// - Returns: for each pairing, the difference of each of its pairs.
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  /// - Complexity: one read of every file; memory independent of their size.
  public func differences(using resources: WalkResources) throws -> [[TensorDifference]] {
    let items = items
    let piece = pieceLength(for: resources)
    let found = try ChunkedReduction(elementCounts: items.map(\.elementCount)).run(
      threads: resources.threads,
      empty: items.map { Array(repeating: TensorDifference(), count: $0.others.count) },
      scratchByteCount: items.map { $0.scratchByteCount(elements: piece) }.max() ?? 0
    ) { item, elements, scratch in
      try items[item].compare(elements, pieceLength: piece, scratch: scratch)
    }
    let records = items.flatMap { [$0.base.record] + $0.others.map(\.reader.record) }
    releasePages(of: records.map(\.file), threads: resources.threads)
    return arrange(found)
  }

  /// The most whose scratch memory fits, within a cache-sized bound.
  private func pieceLength(for resources: WalkResources) -> Int {
    let perBlock = items.map { $0.scratchByteCount(elements: TensorDifference.blockLength) }.max()
    return resources.pieceLength(
      scratchPerBlock: perBlock ?? 0, atMost: WalkItem.longestPiece)
  }

  private func arrange(_ found: [[TensorDifference]]) -> [[TensorDifference]] {
    var differences = pairCounts.map { Array(repeating: TensorDifference(), count: $0) }
    for (item, results) in zip(items, found) {
      for (other, result) in zip(item.others, results) {
        differences[other.pairing][other.position] = result
      }
    }
    return differences
  }
}

/// Gives back the page tables of files that have been read, on several threads.
///
/// - Parameters:
///   - files: some may be there several times.
///   - threads: how many work at once.
func releasePages(of files: [InputFile], threads: Int) {
  let distinct = Dictionary(files.map { (ObjectIdentifier($0), $0) }, uniquingKeysWith: { $1 })
  concurrently(threads: threads) { thread in
    for file in distinct.values { file.releasePages(part: thread, of: threads) }
  }
}

/// A tensor of the base and all that is compared with it.
private struct WalkItem: Sendable {
  /// Elements read at once: both sides fit the second-level cache.
  static let longestPiece = 1 << 16

  let base: ElementReader
  var others: [(reader: ElementReader, pairing: Int, position: Int)] = []

  /// Which pairs can share a read of the base: those that want the same elements of it.
  struct Key: Hashable {
    let name: TensorName
    let shape: Shape

    init(_ record: TensorRecord) { (name, shape) = (record.name, record.shape) }
  }

  init(_ base: ElementReader) { self.base = base }

  var elementCount: Int { base.record.shape.elementCount }

  func scratchByteCount(elements: Int) -> Int {
    base.scratchByteCount(elements: elements)
      + (others.map { $0.reader.scratchByteCount(elements: elements) }.max() ?? 0)
  }

  func compare(
    _ elements: Range<Int>, pieceLength: Int, scratch: UnsafeMutableRawBufferPointer
  ) throws -> [TensorDifference] {
    var results = Array(repeating: TensorDifference(), count: others.count)
    let split = base.scratchByteCount(elements: pieceLength)
    let baseScratch = UnsafeMutableRawBufferPointer(rebasing: scratch[..<split])
    let otherScratch = UnsafeMutableRawBufferPointer(rebasing: scratch[split...])
    for first in stride(from: elements.lowerBound, to: elements.upperBound, by: pieceLength) {
      let piece = first..<min(first + pieceLength, elements.upperBound)
      let a = try Elements(base.record.dtype, base.bytes(of: piece, scratch: baseScratch))
      for (index, other) in others.enumerated() {
        let b = try other.reader.bytes(of: piece, scratch: otherScratch)
        results[index].add(a, Elements(other.reader.record.dtype, b), at: first)
      }
    }
    return results
  }
}
