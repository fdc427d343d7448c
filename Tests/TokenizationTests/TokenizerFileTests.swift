import JSON
import Testing
import Tokenization

@Suite struct TokenizerFileTests {
  private let tiny = TinyVocabulary()
  private static let wordRule =
    #""pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}"#

  /// A `tokenizer.json` of the tiny vocabulary.
  private func file(
    model: String = #""type": "BPE", "dropout": null"#, merges: String? = nil,
    rest: String = TokenizerFileTests.wordRule
  ) -> String {
    let texts = "[" + tiny.merges.map(jsonString).joined(separator: ",") + "]"
    return
      "{\(rest), \"normalizer\": null, \"model\": {\(model), \"vocab\": \(tiny.json), "
      + "\"merges\": \(merges ?? texts)}}"
  }

  private func tokenizer(_ text: String) throws -> ByteLevelTokenizer {
    try ByteLevelTokenizer(parsing: Array(text.utf8), path: "tokenizer.json")
  }

  @Test("Both forms of merges give the ids of the two files")
  func forms() throws {
    let pairs =
      "["
      + tiny.merges.map { merge in
        "[" + merge.split(separator: " ").map { jsonString(String($0)) }.joined(separator: ",")
          + "]"
      }.joined(separator: ",") + "]"
    let text = Array(" the he aaaa\n\u{1}b".utf8)
    let expected = try tiny.tokenizer().encode(text)
    #expect(try tokenizer(file()).encode(text) == expected)
    #expect(try tokenizer(file(merges: pairs)).encode(text) == expected)
  }

  @Test("Added tokens extend the vocabulary, and may repeat it")
  func added() throws {
    let count = tiny.tokens.count
    let rest =
      TokenizerFileTests.wordRule
      + ", \"added_tokens\": [{\"id\": \(count), \"content\": \"</s>\", \"special\": true}, "
      + "{\"id\": \(count - 1), \"content\": \"<|endoftext|>\"}]"
    #expect(try tokenizer(file(rest: rest)).vocabulary.count == count + 1)
    let clash = rest.replacing("\"id\": \(count - 1)", with: "\"id\": 3")
    let error = try #require(fault { _ = try tokenizer(file(rest: clash)) })
    #expect(error.description.contains("\"<|endoftext|>\" has the ids \(count - 1) and 3"))
  }

  @Test(
    "What would make other ids is refused by name",
    arguments: [
      (#""pre_tokenizer": null"#, "no pre_tokenizer"),
      (#""pre_tokenizer": {"type": "Whitespace"}"#, "\"Whitespace\", expected ByteLevel"),
      (#""pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true}"#, "add_prefix_space"),
      (#""pre_tokenizer": {"type": "ByteLevel", "use_regex": false}"#, "use_regex"),
      (TokenizerFileTests.wordRule + #", "normalizer": {"type": "NFC"}"#, "a normalizer"),
    ])
  func otherRules(rest: String, expected: String) throws {
    let error = try #require(fault { _ = try tokenizer(file(rest: rest)) })
    #expect(error.reason == .unsupported && error.path == "tokenizer.json")
    #expect(error.description.contains(expected), "\(error)")
  }

  @Test(
    "Models of other kinds are refused by name",
    arguments: [
      (#""type": "WordPiece""#, "\"WordPiece\", expected BPE"),
      (#""byte_fallback": true"#, "byte_fallback true"),
      (#""ignore_merges": true"#, "ignore_merges true"), (#""dropout": 0.1"#, "dropout 0.1"),
      (#""end_of_word_suffix": "</w>""#, "end_of_word_suffix \"</w>\""),
    ])
  func otherModels(model: String, expected: String) throws {
    let error = try #require(fault { _ = try tokenizer(file(model: model)) })
    #expect(error.reason == .unsupported)
    #expect(error.description.contains(expected), "\(error)")
  }

  @Test(
    "Merges that are no pairs are refused",
    arguments: ["[\"h\"]", "[[\"h\"]]", "[[\"h\",\"e\",\"x\"]]", "[3]", "{}", "[\"h e\", \"h e\"]"])
  func merges(merges: String) throws {
    let error = try #require(fault { _ = try tokenizer(file(merges: merges)) })
    #expect(error.description.hasPrefix("tokenizer.json: "))
  }

  @Test(
    "A configuration is checked for how words are cut",
    arguments: [
      (#"{"tokenizer_class": "GPT2Tokenizer"}"#, nil), ("{}", nil),
      (#"{"tokenizer_class": "RobertaTokenizerFast", "add_prefix_space": false}"#, nil),
      (#"{"tokenizer_class": null}"#, nil), (#"{"tokenizer_class": "Qwen2Tokenizer"}"#, "Qwen2"),
      (#"{"tokenizer_class": 3}"#, "tokenizer_class 3"),
      (#"{"add_prefix_space": true}"#, "add_prefix_space"), ("[]", "byte 0"),
    ])
  func configuration(text: String, expected: String?) {
    let error = fault { try TokenizerConfiguration.check(Array(text.utf8), path: "c.json") }
    #expect((error == nil) == (expected == nil))
    if let expected { #expect(error?.description.contains(expected) == true) }
  }
}
