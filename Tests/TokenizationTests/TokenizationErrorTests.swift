import TestSupport
import Testing
import Tokenization

@Suite struct TokenizationErrorTests {
  private func message(ofValue value: String) -> String? {
    let text = #"{"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":\#(value)}}"#
    return #expect(throws: TokenizationError.self) {
      try ByteLevelTokenizer(parsing: Array(text.utf8), path: "tokenizer.json")
    }?.description
  }

  @Test(
    "A value of the file that an error quotes cannot break its line",
    arguments: ["\"\u{7F}\"", "{\n\"a\": 1}", "\"\u{9B}31m\""])
  func controlCharacters(value: String) throws {
    let description = try #require(message(ofValue: value))
    #expect(description.isOneLine)
    #expect(description.contains("has add_prefix_space"))
  }

  @Test("A value of a megabyte is cut")
  func longValue() throws {
    let long = "\"" + String(repeating: "a", count: 1_000_000) + "\""
    #expect(try #require(message(ofValue: long)).utf8.count < 1000)
  }
}
