import Evaluation
import Testing

@Suite struct TextScorerTests {
  private func text(_ text: String, _ prompt: Int) -> PromptedText {
    PromptedText(Array(text.utf8), promptID: prompt)
  }

  private func scores(_ texts: PromptedText...) throws -> TextScores {
    try TextScorer().scores(of: [TextSet("set", texts: texts)], threads: 1)[0]
  }

  @Test("Distinct-n by prompt is the mean of prompts', that of the set counts all texts at once")
  func distinct() throws {
    let found = try scores(text("a b", 0), text("a a", 0), text("a b c", 7))
    #expect(found.promptCount == 2)
    // 2 of 4 words and 3 of 3.
    #expect(found.estimate(.distinct1).value == 0.75)
    // Of two numbers half their difference.
    #expect(found.estimate(.distinct1).standardError == 0.25)
    #expect(found.estimate(.distinct1OfSet).value == 3.0 / 7)
    // ab, aa and bc of all; ab and aa of 4, ab and bc of 3.
    #expect(found.estimate(.distinct2OfSet).value == 3.0 / 7)
    #expect(found.estimate(.distinct2).value == (0.5 + 2.0 / 3) / 2)
    #expect(found.estimate(.distinct2OfSet).standardError.isNaN)
  }

  @Test("Means over texts weigh prompts by their texts, and errors are over prompts")
  func means() throws {
    let found = try scores(text("a", 0), text("a b c", 0), text("a b c d e", 1))
    let words = found.estimate(.words)
    #expect(words.value == 3)
    // n / (n − 1) Σ (x − 3 t)² / (Σ t)² with x, t = 4, 2 and 5, 1: 2 · (4 + 4) / 9.
    let error = (16.0 / 9).squareRoot()
    #expect(abs(words.standardError - error) <= 2 * error.ulp)
  }

  @Test("Empty texts are counted, and take part in nothing else")
  func empty() throws {
    let found = try scores(text("a b c d", 0), text(" \n", 0), text("", 1))
    #expect(found.emptyTexts == [1, 2])
    #expect(found.estimate(.words).value == 4)
    #expect(found.textCount(.distinct1OfSet) == 1)
    #expect(found.estimate(.repetition).value == 0)
    #expect(found.textCount(.repetition) == 1)
    #expect(found.estimate(.distinct1).value == 1)
    #expect(found.estimate(.loops).value == 0)
    #expect(found.textCount(.textPerplexity) == 0)
    #expect(found.estimate(.textPerplexity).value.isNaN)
  }

  @Test("One prompt has no error, no text no number")
  func few() throws {
    #expect(try scores(text("a", 3)).estimate(.words).standardError.isNaN)
    let none = try scores()
    #expect(none.promptCount == 0)
    for quantity in TextQuantity.allCases { #expect(none.estimate(quantity).value.isNaN) }
  }

  @Test("Sets that are scored together are scored as each alone")
  func together() throws {
    let sets = [
      TextSet("a", texts: [text("a a a", 0)]), TextSet("b", texts: []),
      TextSet("c", texts: [text("a b", 0), text("b", 2)]),
    ]
    let all = try TextScorer().scores(of: sets, threads: 1)
    for (set, found) in zip(sets, all) {
      let alone = try TextScorer().scores(of: [set], threads: 1)[0]
      #expect(found.figures.map(\.wordCount) == alone.figures.map(\.wordCount))
      #expect(found.set == set && found.promptCount == alone.promptCount)
    }
  }
}
