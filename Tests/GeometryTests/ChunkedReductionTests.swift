import Glibc
import Synchronization
import TestSupport
import Testing
import Threads

@testable import Geometry

private let chunk = ChunkedReduction.chunkLength

/// The ranges that were merged, in the order in which they were.
private struct Trace: Mergeable, Equatable {
  var ranges: [Range<Int>] = []
  mutating func merge(_ later: Trace) { ranges += later.ranges }
}

/// A sum whose bits depend on the order of its terms.
private struct RoundedSum: Mergeable {
  var value = 0.0
  mutating func merge(_ later: RoundedSum) { value += later.value }
}

private struct Failure: Error, Equatable { let chunk: Int }

@Suite struct ChunkedReductionTests {
  @Test(
    "Chunks cover each tensor once and are merged from first to last", arguments: [1, 2, 3, 4, 8])
  func order(threads: Int) throws {
    let counts = [0, 1, chunk, 0, chunk + 1, 5 * chunk - 1, 0]
    let traces = try ChunkedReduction(elementCounts: counts).run(
      threads: threads, empty: counts.map { _ in Trace() }, scratchByteCount: 0
    ) { item, elements, _ in
      usleep(UInt32(elements.lowerBound / chunk % 2 == 0 ? 500 : 0))
      return Trace(ranges: [elements])
    }
    let expected = counts.map { count in
      stride(from: 0, to: count, by: chunk).map { $0..<min($0 + chunk, count) }
    }
    #expect(traces.map(\.ranges) == expected)
  }

  @Test("The bits of a sum do not depend on the number of threads", arguments: [2, 3, 4, 8])
  func bits(threads: Int) throws {
    #expect(try sums(threads: threads) == sums(threads: 1))
  }

  private func sums(threads: Int) throws -> [UInt64] {
    let counts = [40 * chunk, 3, 23 * chunk + 5]
    return try ChunkedReduction(elementCounts: counts).run(
      threads: threads, empty: counts.map { _ in RoundedSum() }, scratchByteCount: 0
    ) { item, elements, _ in
      var generator = SeededGenerator(seed: UInt64(item * 1000 + elements.lowerBound / chunk))
      usleep(UInt32.random(in: 0..<300))
      return RoundedSum(value: Double.random(in: -1...1, using: &generator))
    }.map(\.value.bitPattern)
  }

  @Test("Of several errors, the one of the lowest chunk is thrown", arguments: [1, 2, 3, 4, 8])
  func lowestError(threads: Int) {
    let reduction = ChunkedReduction(elementCounts: [3 * chunk, 20 * chunk])
    let error = #expect(throws: Failure.self) {
      try reduction.run(threads: threads, empty: [Trace(), Trace()], scratchByteCount: 0) {
        item, elements, _ in
        let number = item * 3 + elements.lowerBound / chunk
        if number == 2 { usleep(20_000) }
        if [2, 4, 5, 9, 22].contains(number) { throw Failure(chunk: number) }
        return Trace()
      }
    }
    #expect(error == Failure(chunk: 2))
  }

  @Test("Each thread has scratch memory of its own", arguments: [1, 4])
  func scratch(threads: Int) throws {
    let clashes = Atomic(0)
    _ = try ChunkedReduction(elementCounts: [60 * chunk]).run(
      threads: threads, empty: [Trace()], scratchByteCount: 64
    ) { _, elements, scratch in
      let mark = UInt8(elements.lowerBound / chunk)
      scratch.initializeMemory(as: UInt8.self, repeating: mark)
      usleep(100)
      if scratch.count != 64 || scratch.contains(where: { $0 != mark }) {
        clashes.add(1, ordering: .relaxed)
      }
      return Trace()
    }
    #expect(clashes.load(ordering: .relaxed) == 0)
  }

  @Test("No tensors, or none with elements, give the empty results")
  func nothing() throws {
    for counts in [[], [0], [0, 0, 0]] {
      let found = try ChunkedReduction(elementCounts: counts).run(
        threads: 3, empty: counts.map { _ in Trace() }, scratchByteCount: 0
      ) { _, elements, _ in Trace(ranges: [elements]) }
      #expect(found == counts.map { _ in Trace() })
    }
  }

  @Test("Lists merge element by element")
  func lists() {
    var list = [Trace(ranges: [0..<1]), Trace()]
    list.merge([Trace(ranges: [1..<2]), Trace(ranges: [3..<4])])
    #expect(list.map(\.ranges) == [[0..<1, 1..<2], [3..<4]])
  }
}

@Suite struct ConcurrencyTests {
  @Test("The body runs once for each thread's index", arguments: [1, 2, 5, 16])
  func indices(threads: Int) {
    let seen = Mutex<[Int]>([])
    concurrently(threads: threads) { index in seen.withLock { $0.append(index) } }
    #expect(seen.withLock { $0.sorted() } == Array(0..<threads))
  }
}
