import Testing
import Tokenization

@Suite struct EndOfTextTests {
  private func token(_ text: String) throws -> String? {
    try EndOfText.token(in: Array(text.utf8), path: "tokenizer_config.json")
  }

  private func ids(_ text: String) throws -> [Int32] {
    try EndOfText.ids(inModelConfiguration: Array(text.utf8), path: "config.json")
  }

  @Test("The token is a text, or the content of an object; null and nothing name none")
  func forms() throws {
    #expect(try token(#"{"bos_token": "<a>", "eos_token": "<b>"}"#) == "<b>")
    let object = #"{"eos_token": {"__type": "AddedToken", "content": "<b>", "lstrip": false}}"#
    #expect(try token(object) == "<b>")
    #expect(try token(#"{"eos_token": null}"#) == nil)
    #expect(try token(#"{"eos_token": {"lstrip": false}}"#) == nil)
    #expect(try token("{}") == nil)
  }

  @Test("The ids of a configuration are one or a list, of which negative ones are no tokens")
  func lists() throws {
    #expect(try ids(#"{"eos_token_id": 7}"#) == [7])
    #expect(try ids(#"{"eos_token_id": [7, -1, 9]}"#) == [7, 9])
    #expect(try ids(#"{"eos_token_id": null, "n_layer": 2}"#) == [])
    #expect(try ids("{}") == [])
  }

  @Test(
    "What is neither names the file",
    arguments: [
      #"{"eos_token_id": "7"}"#, #"{"eos_token_id": 1.5}"#, #"{"eos_token_id": [[7]]}"#, "[]",
    ])
  func malformed(text: String) {
    let error = fault { _ = try ids(text) }
    #expect(error?.description.hasPrefix("config.json: ") == true)
    let other = fault { _ = try token(#"{"eos_token": 7}"#) }
    #expect(other?.description.hasPrefix("tokenizer_config.json: ") == true)
  }

  @Test("A tokenizer ends texts with the token it is told, else with GPT-2's or RoBERTa's")
  func chosen() throws {
    var files = TinyVocabulary()
    #expect(try files.tokenizer().endOfText == Int32(files.tokens.count - 1))
    files.specials = ["</s>", "<end>"]
    let tokenizer = try files.tokenizer()
    #expect(tokenizer.endOfText == tokenizer.vocabulary.id(of: "</s>"))
    #expect(tokenizer.ending(with: 3).endOfText == 3)
    files.specials = ["<end>"]
    #expect(try files.tokenizer().endOfText == nil)
  }
}
