import Tokenization
import Testing

@testable import Evaluation

@Suite struct SweepRowTests {
  private let texts = [
    ScoredText("a", documents: [[1, 2, 3], [4]], context: 8),
    ScoredText("b", documents: [[1, 2]], context: 8),
  ]

  @Test("Losses come back from JSON with every bit, and NaN as NaN")
  func roundTrip() throws {
    let losses = [
      CorpusLoss(nats: [0.1 + 0.2, .nan], tokenCounts: [2, 0]),
      CorpusLoss(nats: [1e-300], tokenCounts: [1]),
    ]
    let back = try #require(
      SweepRow.losses(SweepRow.json(losses), tokenCounts: texts.map(\.tokenCounts)))
    #expect(back[0].nats[0] == 0.1 + 0.2 && back[0].nats[1].isNaN && back[1].nats == [1e-300])
    #expect(back.map(\.tokenCounts) == [[2, 0], [1]])
  }

  @Test(
    "Rows of other texts are refused", arguments: ["", "[[1]]", "[[1,2],[3],[4]]", "[[1,2],[3]"])
  func otherTexts(json: String) {
    #expect(SweepRow.losses(json, tokenCounts: texts.map(\.tokenCounts)) == nil)
  }

  @Test("Infinite losses come back infinite")
  func infinite() throws {
    let losses = [
      CorpusLoss(nats: [.infinity, 1], tokenCounts: [2, 0]),
      CorpusLoss(nats: [-.infinity], tokenCounts: [1]),
    ]
    #expect(SweepRow.losses(SweepRow.json(losses), tokenCounts: texts.map(\.tokenCounts)) == losses)
  }

  @Test("Keys tell apart numbers that differ in the last bit, and not zeros")
  func keys() {
    #expect(SweepRow.key([0.1]) != SweepRow.key([(0.1).nextUp]))
    #expect(SweepRow.key([-0.0, 1]) == SweepRow.key([0, 1]))
  }
}
