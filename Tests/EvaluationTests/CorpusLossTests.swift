import Evaluation
import LinearAlgebra
import TestSupport
import Testing

@Suite struct CorpusLossTests {
  @Test("The mean is per token, not per document")
  func mean() {
    let loss = CorpusLoss(nats: [2, 12], tokenCounts: [1, 3])
    #expect(loss.mean == 3.5)
    #expect(loss.tokenCount == 4)
  }

  @Test("The standard error is what the formula gives by hand")
  func standardError() {
    // r = 3.5, residuals 2 − 3.5 and 12 − 10.5, so n/(n−1) Σ = 2 · 4.5 = 9, and √9 / 4.
    let loss = CorpusLoss(nats: [2, 12], tokenCounts: [1, 3])
    #expect(loss.standardError == 0.75)
    #expect(loss.perplexityError == loss.perplexity * 0.75)
  }

  @Test("One document has no standard error, and no tokens no mean")
  func edges() {
    #expect(CorpusLoss(nats: [2], tokenCounts: [4]).standardError.isNaN)
    #expect(CorpusLoss(nats: [0, 0], tokenCounts: [0, 0]).mean.isNaN)
  }

  @Test("Means of drawn texts scatter as the standard error says")
  func scatter() {
    var stream = RandomStream(seed: 7)
    let texts = (0..<400).map { _ in
      let counts = (0..<60).map { _ in 1 + stream.next(below: 30) }
      let nats = counts.map { Double($0) * 3 + 2 * Double($0).squareRoot() * stream.normal() }
      return CorpusLoss(nats: nats, tokenCounts: counts)
    }
    let mean = texts.map(\.mean).reduce(0, +) / 400
    let scatter = (texts.map { ($0.mean - mean) * ($0.mean - mean) }.reduce(0, +) / 399)
      .squareRoot()
    let claimed = texts.map(\.standardError).reduce(0, +) / 400
    // The scatter of 400 has a relative standard error of 1 / √800 = 3.5 %; four of them.
    #expect((scatter / claimed - 1).magnitude < 0.14)
  }
}
