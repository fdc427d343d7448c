import Testing

@testable import Models

@Suite struct TokenBatchTests {
  private func windows(_ counts: [Int]) -> [ScoredTokens] {
    counts.map { ScoredTokens(tokens: Array(repeating: 0, count: $0 + 1), scored: $0..<$0 + 1) }
  }

  @Test("Each window is in one batch, long ones first, none beyond the limit but alone")
  func limits() {
    let counts = [3, 9, 1, 4, 4, 2, 30, 5]
    let plan = TokenBatch.plan(windows(counts), limit: 10, threads: 2)
    #expect(plan.joined().sorted() == Array(counts.indices))
    #expect(plan[0] == [6])
    for batch in plan.dropFirst() { #expect(batch.reduce(0) { $0 + counts[$1] } <= 10) }
    #expect(plan.joined().map { counts[$0] } == counts.sorted(by: >))
  }

  @Test("There is work for every thread")
  func sharing() {
    let plan = TokenBatch.plan(windows([8, 8, 8, 8]), limit: 1000, threads: 4)
    #expect(plan.map(\.count) == [1, 1, 1, 1])
    #expect(
      TokenBatch.plan(windows(Array(repeating: 256, count: 64)), limit: 1024, threads: 2)
        .allSatisfy { $0.count == 4 })
  }

  @Test("A window is read up to the last token whose successor is scored")
  func rows() {
    var batch = TokenBatch()
    batch.add(ScoredTokens(tokens: [5, 6, 7, 8, 9], scored: 2..<4))
    batch.add(ScoredTokens(tokens: [1, 2], scored: 1..<2))
    #expect(batch.tokens == [5, 6, 7, 1])
    #expect(batch.positions == [0, 1, 2, 0])
    #expect(batch.windows == [0..<3, 3..<4])
    #expect(batch.kept == [1, 2, 3])
    #expect(batch.targets == [7, 8, 2])
  }
}
