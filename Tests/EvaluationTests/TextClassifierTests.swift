import Checkpoints
import Evaluation
import Foundation
import Geometry
import Models
import TestSupport
import Testing
import Tokenization

/// Tiny classifiers as transformers saved them, and what it makes of texts.
@Suite struct TextClassifierTests {
  private struct Sample: Decodable {
    let model: String
    let text: String
    let ids: [Int32]
    let logits: [Double]
  }

  private func expected() throws -> [Sample] {
    struct File: Decodable { let cases: [Sample] }
    let path = PackageFolder.path("Tests/Fixtures/classifiers/expected.json")
    return try JSONDecoder()
      .decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: path))).cases
  }

  private func classifier(_ name: String) throws -> TextClassifier {
    let folder = PackageFolder.path("Tests/Fixtures/classifiers/" + name)
    let checkpoint = try ParameterList(openCheckpoint(folder))
    let settings = try #require(try ModelConfiguration(beside: checkpoint.checkpoint))
    let model = try openSequenceClassifier(
      MixedStateDict(checkpoint),
      settings: ModelSettings(path: settings.path, values: settings.settings),
      precision: .float32, threads: 2)
    return TextClassifier(model, tokenizer: try tokenizer(of: model, folder))
  }

  private func tokenizer(
    of model: any SequenceClassifier, _ folder: String
  ) throws -> ClassifierTokenizer {
    func file(_ name: String) throws -> (bytes: [UInt8], path: String) {
      let path = folder + "/" + name
      return (Array(try Data(contentsOf: URL(fileURLWithPath: path))), path)
    }
    let longest = model.longestInput
    if model.family == .bert {
      let (bytes, path) = try file("vocab.txt")
      let pieces = try WordPieceTokenizer(
        vocabulary: bytes, path: path, settings: WordPieceSettings())
      return try ClassifierTokenizer(bert: pieces, longestInput: longest)
    }
    let pairs = try ByteLevelTokenizer(
      vocabulary: file("vocab.json"), merges: file("merges.txt"))
    return model.family == .gpt2
      ? ClassifierTokenizer(gpt2: pairs, longestInput: longest)
      : try ClassifierTokenizer(roberta: pairs, longestInput: longest)
  }

  @Test(
    "Ids and logits are those of transformers in binary64", arguments: ["roberta", "bert", "gpt2"])
  func numbers(name: String) throws {
    let classifier = try classifier(name)
    let samples = try expected().filter { $0.model == name }
    #expect(samples.count >= 4)
    for sample in samples {
      let ids = classifier.tokenizer.ids(of: Array(sample.text.utf8))
      #expect(ids == sample.ids)
      let logits = try classifier.model.logits(of: [ids], threads: 1)[0]
      #expect(logits.count == sample.logits.count)
      for (found, expected) in zip(logits, sample.logits) {
        // Two layers, logits of about 1.
        #expect(abs(Double(found) - expected) < 1e-5)
      }
    }
  }

  @Test("Probabilities are those of the logits, whatever threads there are")
  func probabilities() throws {
    let classifier = try classifier("roberta")
    let samples = try expected().filter { $0.model == "roberta" }
    let texts = samples.map { Array($0.text.utf8) }
    let found = try classifier.probabilities(of: texts, threads: 1)
    for (row, sample) in zip(found, samples) {
      let total = sample.logits.reduce(0) { $0 + exp($1) }
      for (found, logit) in zip(row, sample.logits) {
        #expect(abs(found - exp(logit) / total) < 1e-5)
      }
      #expect(abs(row.reduce(0, +) - 1) < 1e-15)
    }
    #expect(try classifier.probabilities(of: texts, threads: 3) == found)
    #expect(try classifier.probabilities(of: Array(texts[1...]), threads: 2) == Array(found[1...]))
    #expect(try classifier.probabilities(of: [], threads: 2).isEmpty)
  }

  @Test("Labels are those of the configuration, and tell the roles of scores")
  func labels() throws {
    #expect(try classifier("roberta").labels == ["LABEL_0", "LABEL_1", "LABEL_2"])
    #expect(
      try PositiveScore(labels: classifier("bert").labels).roles.description
        == "negative = NEGATIVE, positive = POSITIVE")
    #expect(
      try GrammarScore(labels: classifier("gpt2").labels).roles.description
        == "unacceptable = unacceptable, acceptable = acceptable")
  }

  @Test("A text without tokens is an error where no special ones surround it")
  func emptyText() throws {
    #expect(try classifier("bert").probabilities(of: [[]], threads: 1).count == 1)
    #expect(throws: ModelError.self) {
      try classifier("gpt2").probabilities(of: [[]], threads: 1)
    }
  }
}
