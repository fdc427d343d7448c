import Checkpoints
import Synchronization
import Tensors

/// The digests of tensors of one length, taken while threads read chunks of them in any order.
///
/// A digest takes elements in their order. Whoever has read a chunk takes the digests of all chunks
/// that have been read from where they stand; where another thread is at that already, it takes
/// this one too. So no thread waits, and digests do not depend on threads.
final class OrderedDigests: Sendable {
  private struct State {
    /// `nil` while a thread adds to them.
    var hashes: [TensorHash]?
    /// Elements that were handed out to be added.
    var end = 0
    /// Chunks that were read and not handed out: the end of each by its start.
    var waiting: [Int: Int] = [:]

    mutating func next() -> Range<Int>? {
      guard let end = waiting.removeValue(forKey: end) else { return nil }
      defer { self.end = end }
      return self.end..<end
    }
  }

  private let readers: [ElementReader]
  private let state: Mutex<State>

  /// Begins the digests of tensors.
  ///
  /// - Parameter records: of one number of elements.
  init(of records: [TensorRecord]) {
    readers = records.map { ElementReader($0) }
    state = Mutex(State(hashes: records.map { TensorHash(of: $0) }))
  }

  /// Bytes of scratch memory for pieces of so many elements.
  func scratchByteCount(elements count: Int) -> Int {
    pairs.map { $0.reduce(0) { $0 + readers[$1].scratchByteCount(elements: count) } }.max() ?? 0
  }

  /// Hears that a chunk has been read, and takes digests as far as that makes possible.
  ///
  /// - Parameters:
  ///   - chunk: elements; all chunks together are the tensor, each once.
  ///   - piece: elements to read at once.
  ///   - scratch: at least ``scratchByteCount(elements:)`` bytes of a piece.
  /// - Throws: `CheckpointError` if a file cannot be read to its end; there are no digests then.
  func add(_ chunk: Range<Int>, pieceLength piece: Int, scratch: UnsafeMutableRawBufferPointer)
    throws
  {
    guard !readers.isEmpty, var (next, hashes) = begin(with: chunk) else { return }
    while let range = next {
      for first in stride(from: range.lowerBound, to: range.upperBound, by: piece) {
        try add(first..<min(first + piece, range.upperBound), to: &hashes, scratch)
      }
      next = advance(hashes)
    }
  }

  /// The digests, once all chunks have been read.
  var digests: [ContentDigest] { state.withLock { $0.hashes?.map(\.digest) ?? [] } }

  private func begin(with chunk: Range<Int>) -> (Range<Int>?, [TensorHash])? {
    state.withLock { state in
      state.waiting[chunk.lowerBound] = chunk.upperBound
      guard let hashes = state.hashes, let range = state.next() else { return nil }
      state.hashes = nil
      return (range, hashes)
    }
  }

  private func advance(_ hashes: [TensorHash]) -> Range<Int>? {
    state.withLock { state in
      let range = state.next()
      if range == nil { state.hashes = hashes }
      return range
    }
  }

  /// Positions of tensors by twos, since two hashes take less time than one after the other.
  private var pairs: [Range<Int>] {
    stride(from: 0, to: readers.count, by: 2).map { $0..<min($0 + 2, readers.count) }
  }

  private func add(
    _ elements: Range<Int>, to hashes: inout [TensorHash], _ scratch: UnsafeMutableRawBufferPointer
  ) throws {
    for pair in pairs {
      let (first, last) = (pair.lowerBound, pair.upperBound - 1)
      let bytes = try readers[first].bytes(of: elements, scratch: scratch)
      guard last > first else {
        hashes[first].add(bytes)
        continue
      }
      let used = readers[first].scratchByteCount(elements: elements.count)
      let rest = UnsafeMutableRawBufferPointer(rebasing: scratch[used...])
      let others = try readers[last].bytes(of: elements, scratch: rest)
      var other = hashes[last]
      hashes[first].add(bytes, and: &other, others)
      hashes[last] = other
    }
  }
}
