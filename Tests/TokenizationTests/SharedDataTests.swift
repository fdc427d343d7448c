import Foundation
import JSON
import TestSupport
import Testing
import Tokenization

/// Tests on files that are no part of this package.
@Suite(
  .enabled(
    if: FileManager.default.fileExists(atPath: Zoo.folder + "/gpt2-bpe/vocab.bpe"),
    "no GPT-2 vocabulary: set TRANSECT_SHARED_DATA to the folder that holds gpt2-bpe/"))
struct SharedDataTests {
  private func content(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: Zoo.folder + "/" + name)))
  }

  private func tokenizer(_ vocabulary: String) throws -> ByteLevelTokenizer {
    try ByteLevelTokenizer(
      vocabulary: (content(vocabulary), vocabulary),
      merges: (content("gpt2-bpe/vocab.bpe"), "vocab.bpe"))
  }

  private func texts(_ layout: TextLayout, _ name: String) throws -> [[UInt8]] {
    var content: [UInt8]? = try content(name)
    var documents = TextDocuments(layout, path: name) {
      defer { content = nil }
      return content ?? []
    }
    var texts: [[UInt8]] = []
    while let document = try documents.next() { texts.append(document.text) }
    return texts
  }

  @Test("GPT-2's ids are those of tiktoken, and give the texts back")
  func vectors() throws {
    let tokenizer = try tokenizer("gpt2-bpe/encoder.json")
    #expect(tokenizer.endOfText == 50256)
    let name = "gpt2-bpe/vectors.jsonl"
    let texts = try self.texts(.jsonLines(field: "text"), name)
    let lines = try self.texts(.lines, name)
    #expect(texts.count == 146 && lines.count == 146)
    var encoder = tokenizer.encoder()
    for (index, text) in texts.enumerated() {
      let expected = try TokenLine.ids(in: lines[index], path: name, line: index + 1)
      #expect(encoder.encode(text) == expected)
      #expect(try tokenizer.decode(expected) == text)
    }
  }

  @Test("RoBERTa's ids are its own, from the same merges")
  func roberta() throws {
    let tokenizer = try tokenizer("roberta/vocab.json")
    #expect(tokenizer.encode(Array("Hello world".utf8)) == [31414, 232])
    #expect(tokenizer.sequenceMarks?.start == 0 && tokenizer.sequenceMarks?.end == 2)
  }

  @Test(
    "Trees of the Stanford Sentiment Treebank give its sentences",
    arguments: ["train", "dev", "test"])
  func sentences(split: String) throws {
    let trees = "sst/trees/\(split).txt"
    let labels = try texts(.lines, trees).map { $0[1] - UInt8(ascii: "0") }
    let sentences = Array(zip(labels, try texts(.trees, trees)))
    let positive = sentences.filter { $0.0 >= 3 }.map(\.1)
    let negative = sentences.filter { $0.0 <= 1 }.map(\.1)
    #expect(try positive == texts(.lines, "sst/positive.\(split).txt"))
    #expect(try negative == texts(.lines, "sst/negative.\(split).txt"))
    let tokens = try texts(.jsonLines(field: "tokens"), "sst/sst5.\(split).jsonl")
    #expect(sentences.map(\.1) == tokens)
  }

  @Test("Prompts are found in a member of a member")
  func prompts() throws {
    let name = "prompts/dexperts-sentiment/neutral_prompts.jsonl"
    let prompts = try texts(.jsonLines(field: "prompt.text"), name)
    #expect(prompts.count == 5000)
    #expect(prompts[0] == Array("God never intended to".utf8))
  }
}
