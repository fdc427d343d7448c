import Evaluation
import Testing

@Suite struct ScoredTextTests {
  @Test("Every token but a document's first is scored once, and the first too after a start token")
  func counts() {
    let documents: [[Int32]] = [[1, 2, 3, 4, 5], [6], []]
    let bare = ScoredText("t", documents: documents, context: 8)
    #expect(bare.tokenCounts == [4, 0, 0])
    let started = ScoredText("t", documents: documents, context: 8, bos: 9)
    #expect(started.tokenCounts == [5, 1, 0])
  }

  @Test("Losses of windows are summed by document, in double precision")
  func sums() {
    let text = ScoredText("t", documents: [[1, 2, 3, 4, 5], [6, 7]], context: 3, stride: 2)
    let losses = text.windows.map { window in
      window.scored.map { Float(window.tokens[$0]) }
    }
    #expect(text.loss(losses).nats == [2 + 3 + 4 + 5, 7])
  }
}
