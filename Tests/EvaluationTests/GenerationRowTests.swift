import Generation
import Testing

@testable import Evaluation

@Suite struct GenerationRowTests {
  private let texts = [
    GeneratedText(prompt: 3, sample: 0, tokens: [5, 0], finish: .stop, logProbability: -0.1 - 0.2),
    GeneratedText(prompt: 3, sample: 1, tokens: [7], finish: .length, logProbability: -1e-300),
    GeneratedText(prompt: 3, sample: 2, tokens: [1, 2, 3], finish: .length, logProbability: -4),
    GeneratedText(prompt: 3, sample: 3, tokens: [9], finish: .length, logProbability: 0),
  ]

  @Test("Texts come back from JSON as they were")
  func roundTrip() {
    #expect(
      GenerationRow.texts(GenerationRow.json(texts), .init(prompt: 3, samples: 0..<4)) == texts)
    #expect(GenerationRow.texts(GenerationRow.json([]), .init(prompt: 3, samples: 0..<0)) == [])
  }

  @Test(
    "Rows of other numbers of texts, and what is no row, are refused",
    arguments: [
      "", "[]", "[[\"stop\",-1,2]]", "[[\"stop\",-1],[\"stop\",-1,2]]",
      "[[\"stop\",-1,2],[\"end\",-1,2]]", "[[\"stop\",-1,2],[\"stop\",-1,2.5]]",
      "[[\"stop\",-1,2],[\"stop\",-1,99999999999]]",
    ])
  func otherTexts(json: String) {
    #expect(GenerationRow.texts(json, .init(prompt: 0, samples: 0..<2)) == nil)
  }

  @Test("No key of texts is one of losses, and points, prompts and samples have their own")
  func keys() {
    let keys = [
      SweepRow.key([0.5, 0.5]), GenerationRow.key([0.5, 0.5], .init(prompt: 0, samples: 0..<2)),
      GenerationRow.key([0.5, 0.5], .init(prompt: 0, samples: 0..<3)),
      GenerationRow.key([0.5, 0.5], .init(prompt: 1, samples: 0..<2)),
      GenerationRow.key([1, 0.5], .init(prompt: 0, samples: 0..<2)),
    ]
    #expect(Set(keys).count == keys.count)
  }
}
