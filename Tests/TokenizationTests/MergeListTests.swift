import Testing
import Tokenization

@Suite struct MergeListTests {
  private let tiny = TinyVocabulary()

  private func tokenizer(_ merges: String) throws -> ByteLevelTokenizer {
    try ByteLevelTokenizer(
      vocabulary: (Array(tiny.json.utf8), "vocab.json"),
      merges: (Array(merges.utf8), "merges.txt"))
  }

  @Test(
    "With or without a version, with any end of line, merges are the same",
    arguments: ["h e\n", "h e", "#version: 0.2\nh e\n", "h e\r\n", "#version\nh e\r\n"])
  func forms(text: String) throws {
    #expect(try tokenizer(text).encode(Array("he".utf8)).count == 1)
  }

  @Test("No merges leave bytes")
  func none() throws { #expect(try tokenizer("").encode(Array(" the".utf8)).count == 4) }

  @Test(
    "A line that is no pair is named, with what it holds",
    arguments: [
      ("h e\n\nb a\n", 2, "\"\""), ("he\n", 1, "\"he\""), ("b a\nh  e", 2, "\"h  e\""),
      ("h e x", 1, "\"h e x\""), (" e", 1, "\" e\""), ("h ", 1, "\"h \""), ("h e\n\n", 2, "\"\""),
      ("h\te", 1, #""h\u0009e""#),
    ])
  func malformed(text: String, line: Int, found: String) throws {
    let error = try #require(fault { _ = try tokenizer(text) })
    #expect(error.reason == .malformed)
    #expect(error.description.hasPrefix("merges.txt: line \(line): "))
    #expect(error.description.hasSuffix("found \(found)"), "\(error)")
  }

  @Test(
    "A merge that does not fit the vocabulary is named",
    arguments: [
      ("h e\nq z", 2, "names token \"qz\", which vocab.json lacks"),
      ("qq e", 1, "names token \"qq\", which vocab.json lacks"),
      // A version elsewhere than in the first line is two tokens.
      ("h e\n#version: 0.2\nb a", 2, "names token \"#version:\", which vocab.json lacks"),
      ("h e\nb a\nh e", 3, "repeats the merge of \"h\" and \"e\""),
    ])
  func inconsistent(text: String, line: Int, expected: String) throws {
    let error = try #require(fault { _ = try tokenizer(text) })
    #expect(error.reason == .inconsistent)
    #expect(error.description == "merges.txt: line \(line): \(expected)")
  }

  @Test("Bytes that are no UTF-8 are no tokens")
  func notUTF8() throws {
    let error = try #require(
      fault {
        _ = try ByteLevelTokenizer(
          vocabulary: (Array(tiny.json.utf8), "vocab.json"),
          merges: ([0xFF, 0x20, 0xFE], "merges.txt"))
      })
    #expect(error.reason == .inconsistent && error.line == 1)
  }
}
