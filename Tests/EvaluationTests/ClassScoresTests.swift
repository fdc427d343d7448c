import Evaluation
import Testing

@Suite struct ClassScoresTests {
  @Test("Neutral counts half, whatever the order of labels and their case")
  func positive() throws {
    let probabilities = [0.125, 0.25, 0.625]
    let named = try PositiveScore(labels: ["Negative", "NEUTRAL", "positive"])
    #expect(named.score(probabilities) == 0.75)  // 0.625 + 0.25 / 2
    #expect(
      try PositiveScore(labels: ["LABEL_0", "LABEL_1", "LABEL_2"]).score(probabilities) == 0.75)
    let turned = try PositiveScore(labels: ["positive", "neutral", "negative"])
    #expect(turned.score(probabilities) == 0.25)  // 0.125 + 0.25 / 2
  }

  @Test("Of two labels only the positive one counts")
  func binary() throws {
    for labels in [["NEGATIVE", "POSITIVE"], ["LABEL_0", "LABEL_1"]] {
      #expect(try PositiveScore(labels: labels).score([0.25, 0.75]) == 0.75)
    }
    #expect(try PositiveScore(labels: ["positive", "negative"]).score([0.25, 0.75]) == 0.25)
  }

  @Test("Names given in place of the labels decide, and roles print with the labels' own")
  func override() throws {
    let score = try PositiveScore(
      labels: ["a", "b", "c"], override: ["neutral", "positive", "negative"])
    #expect(score.roles.description == "negative = c, neutral = a, positive = b")
    #expect(score.score([0.5, 0.25, 0.25]) == 0.5)
    let swapped = try GrammarScore(
      labels: ["LABEL_0", "LABEL_1"], override: ["acceptable", "unacceptable"])
    #expect(swapped.score([0.75, 0.25]) == 0.75)
  }

  @Test(
    "Labels that do not tell are errors",
    arguments: [
      ["a", "b"], ["positive"], ["positive", "positive"], ["neutral", "positive"],
      ["negative", "neutral", "positive", "other"], ["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"],
      ["LABEL_1", "LABEL_0"], ["positive", "negative", "mixed"], [],
    ])
  func unknown(labels: [String]) {
    #expect(throws: LabelError.self) { try PositiveScore(labels: labels) }
  }

  @Test("As many names must be given as there are labels")
  func wrongOverride() {
    #expect(throws: LabelError.self) {
      try PositiveScore(labels: ["a", "b", "c"], override: ["negative", "positive"])
    }
  }

  @Test(
    "Acceptable is known by its name, by 1, or by LABEL_1",
    arguments: [
      ["unacceptable", "acceptable"], ["ungrammatical", "grammatical"], ["0", "1"],
      ["LABEL_0", "LABEL_1"], ["Not acceptable", "Acceptable"], ["incorrect", "correct"],
    ])
  func grammar(labels: [String]) throws {
    #expect(try GrammarScore(labels: labels).score([0.25, 0.75]) == 0.75)
    guard labels[0] != "LABEL_0" else { return }
    #expect(try GrammarScore(labels: labels.reversed()).score([0.75, 0.25]) == 0.75)
  }

  @Test(
    "Labels without an acceptable one are errors",
    arguments: [["negative", "positive"], ["acceptable", "acceptable"], ["0", "1", "2"], ["1"]])
  func unknownGrammar(labels: [String]) {
    #expect(throws: LabelError.self) { try GrammarScore(labels: labels) }
  }
}
