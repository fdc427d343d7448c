import Synchronization
import Threads

/// A result over part of a tensor that can take in the result over what follows.
public protocol Mergeable: Sendable {
  /// Takes in the result over the elements that come next.
  ///
  /// - Parameter later: never an earlier part.
  mutating func merge(_ later: Self)
}

extension Array: Mergeable where Element: Mergeable {
  /// Merges element by element.
  ///
  /// - Precondition: both have the same length.
  public mutating func merge(_ later: [Element]) {
    precondition(count == later.count)
    for index in indices { self[index].merge(later[index]) }
  }
}

/// The one loop over tensors: cuts each into chunks, lets threads take them, and folds the
/// chunks' results in order.
///
/// Chunks have a fixed length and are folded by position, never by who was ready first, so a
/// result has the same bits for any number of threads.
struct ChunkedReduction {
  /// Elements of a chunk: large enough that taking one costs nothing, small enough to share out.
  static let chunkLength = 1 << 18

  private let chunkStarts: [Int]
  private let elementCounts: [Int]

  /// Plans the chunks of tensors.
  ///
  /// - Parameter elementCounts: the length of each.
  init(elementCounts: [Int]) {
    self.elementCounts = elementCounts
    var total = 0
    chunkStarts =
      elementCounts.map { count in
        defer { total += (count + ChunkedReduction.chunkLength - 1) / ChunkedReduction.chunkLength }
        return total
      } + [total]
  }

  private var chunkCount: Int { chunkStarts[chunkStarts.count - 1] }

  /// The tensor of a chunk, and the chunk's elements.
  private func place(of chunk: Int) -> (item: Int, elements: Range<Int>) {
    var (low, high) = (0, elementCounts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if chunkStarts[middle] <= chunk { low = middle } else { high = middle }
    }
    let first = (chunk - chunkStarts[low]) * ChunkedReduction.chunkLength
    return (low, first..<min(first + ChunkedReduction.chunkLength, elementCounts[low]))
  }

  /// Reduces every tensor.
  ///
  /// - Parameters:
  ///   - threads: how many work at once.
  ///   - empty: the result over no elements, for each tensor.
  ///   - scratchByteCount: bytes of scratch memory that each thread gets.
  ///   - reduce: the result over one chunk of one tensor.
  /// - Returns: the result of each tensor.
  /// - Throws: what `reduce` threw at the earliest chunk that failed.
  func run<Partial: Mergeable>(
    threads: Int, empty: [Partial], scratchByteCount: Int,
    _ reduce:
      @escaping @Sendable (
        _ item: Int, _ elements: Range<Int>, _ scratch: UnsafeMutableRawBufferPointer
      ) throws -> Partial
  ) throws -> [Partial] {
    let results = OrderedResults(empty: empty)
    let next = Atomic(0)
    concurrently(threads: min(threads, max(chunkCount, 1))) { _ in
      let scratch = UnsafeMutableRawBufferPointer.allocate(
        byteCount: scratchByteCount, alignment: 64)
      defer { scratch.deallocate() }
      while true {
        let chunk = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard chunk < chunkCount, !results.hasFailed(before: chunk) else { return }
        let (item, elements) = place(of: chunk)
        let outcome = Result { try reduce(item, elements, scratch) }
        results.add(outcome, chunk: chunk, of: item, firstChunk: chunkStarts[item])
      }
    }
    return try results.get()
  }
}

/// Results of chunks as they come, folded as soon as all before them are there.
private final class OrderedResults<Partial: Mergeable>: Sendable {
  private struct State {
    var folded: [Partial]
    var foldedChunks: [Int]
    var waiting: [Int: Partial] = [:]
    var failure: (chunk: Int, error: any Error)?
  }
  private let state: Mutex<State>

  init(empty: [Partial]) {
    state = Mutex(State(folded: empty, foldedChunks: Array(repeating: 0, count: empty.count)))
  }

  func add(_ outcome: Result<Partial, any Error>, chunk: Int, of item: Int, firstChunk: Int) {
    state.withLock { state in
      switch outcome {
      case .success(let partial):
        state.waiting[chunk] = partial
        while let ready = state.waiting.removeValue(forKey: firstChunk + state.foldedChunks[item]) {
          state.folded[item].merge(ready)
          state.foldedChunks[item] += 1
        }
      case .failure(let error):
        if state.failure.map({ chunk < $0.chunk }) ?? true { state.failure = (chunk, error) }
      }
    }
  }

  func hasFailed(before chunk: Int) -> Bool {
    state.withLock { state in state.failure.map { $0.chunk < chunk } ?? false }
  }

  func get() throws -> [Partial] {
    try state.withLock { state in
      if let failure = state.failure { throw failure.error }
      return state.folded
    }
  }
}
