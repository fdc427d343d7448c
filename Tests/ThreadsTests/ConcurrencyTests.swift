import Synchronization
import Testing
import Threads

@Suite struct ConcurrencyTests {
  @Test("The body runs once for each thread's index", arguments: [1, 2, 5, 16])
  func indices(threads: Int) {
    let seen = Mutex<[Int]>([])
    concurrently(threads: threads) { index in seen.withLock { $0.append(index) } }
    #expect(seen.withLock { $0.sorted() } == Array(0..<threads))
  }

  @Test("Results come in the order of the indices, whoever computes them", arguments: [1, 2, 5])
  func order(threads: Int) throws {
    let found = try concurrentMap(100, threads: threads) { $0 * $0 }
    #expect(found == (0..<100).map { $0 * $0 })
    #expect(try concurrentMap(0, threads: threads) { $0 }.isEmpty)
  }

  @Test("Each thread works in something of its own", arguments: [1, 3])
  func workspaces(threads: Int) throws {
    let made = Atomic(0)
    let found = try concurrentMap(
      50, threads: threads,
      workspace: {
        made.add(1, ordering: .relaxed)
        return Tally()
      },
      { tally, _ in
        tally.count += 1
        return tally.count
      })
    #expect(made.load(ordering: .relaxed) == threads)
    // Each workspace counts from 1 without gaps.
    #expect(found.count { $0 == 1 } <= threads)
    #expect(Set(found) == Set(1...(found.max() ?? 1)))
  }

  @Test("The failure of the lowest index that was tried is thrown")
  func failure() {
    struct Failure: Error { let index: Int }
    let error = #expect(throws: Failure.self) {
      try concurrentMap(100, threads: 1) { index in
        if index >= 7 { throw Failure(index: index) }
      }
    }
    #expect(error?.index == 7)
  }
}

/// Unsynchronized: one thread's.
private final class Tally { var count = 0 }
