import Evaluation
import Foundation
import Models
import TestSupport
import Testing
import Tokenization

/// Knows one class from another by the number of tokens alone.
private struct Counter: SequenceClassifier {
  let labels: [String]
  let family = ClassifierFamily.gpt2
  let longestInput = 64
  let path = "counter"
  let byteCount = 0

  func scratchByteCount(positions: Int) -> Int { 0 }

  func logits(of sequences: [[Int32]], threads: Int) throws -> [[Float]] {
    sequences.map { sequence in labels.indices.map { $0 == 0 ? 0 : Float(sequence.count) } }
  }
}

@Suite struct ClassScoringTests {
  private let tokenizer: ByteLevelTokenizer

  init() throws {
    func file(_ name: String) throws -> (bytes: [UInt8], path: String) {
      let path = PackageFolder.path("notebooks-data/miniature/base/\(name)")
      return (Array(try Data(contentsOf: URL(fileURLWithPath: path))), path)
    }
    tokenizer = try ByteLevelTokenizer(vocabulary: file("vocab.json"), merges: file("merges.txt"))
  }

  private func classifier(_ labels: [String]) -> TextClassifier {
    TextClassifier(
      Counter(labels: labels), tokenizer: ClassifierTokenizer(gpt2: tokenizer, longestInput: 64))
  }

  private func figures(_ text: String, after prompt: String, showsPrompt: Bool) throws
    -> TextFigures
  {
    let (three, two) = (["negative", "neutral", "positive"], ["unacceptable", "acceptable"])
    let scorer = try TextScorer(
      sentiment: .init(classifier(three), PositiveScore(labels: three)),
      grammar: .init(classifier(two), GrammarScore(labels: two)), showsPrompt: showsPrompt)
    let texts = [PromptedText(Array(text.utf8), after: Array(prompt.utf8), promptID: 0)]
    return try scorer.scores(of: [TextSet("set", texts: texts)], threads: 1)[0].figures[0]
  }

  @Test("Classifiers see the prompt with the text right behind it, or the text alone")
  func seen() throws {
    for (showsPrompt, seen) in [(true, "It is good"), (false, " good")] {
      let power = exp(Double(tokenizer.encode(Array(seen.utf8)).count))
      let found = try figures(" good", after: "It is", showsPrompt: showsPrompt)
      // A handful of roundings each.
      #expect(abs(found.negative * (1 + 2 * power) - 1) < 1e-12)
      #expect(found.positive == found.neutral)
      #expect(found.positiveScore == found.positive + found.neutral / 2)
      #expect(abs(found.grammar - power / (1 + power)) < 1e-12)
    }
  }

  @Test("What is nothing but white space has no class, whatever precedes it")
  func blank() throws {
    for (text, prompt, showsPrompt) in [
      (" \n", "It is", false), (" \n", "It is", true), ("", "", true), ("", "It is", true),
    ] {
      let found = try figures(text, after: prompt, showsPrompt: showsPrompt)
      #expect(found.positiveScore.isNaN && found.grammar.isNaN)
    }
  }
}
