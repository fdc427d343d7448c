import Testing
import Tokenization

@Suite struct VocabularyTests {
  @Test("Tokens added later go on where the vocabulary ends, and may repeat it")
  func added() throws {
    let vocabulary = "{\"a\": 0, \"b\": 1}"
    func read(_ added: String) throws -> Vocabulary {
      try Vocabulary(
        parsing: Array(vocabulary.utf8), path: "vocab.json",
        added: (Array(added.utf8), "added_tokens.json"))
    }
    let found = try read("{\"<pad>\": 3, \"b\": 1, \"<mask>\": 2}")
    #expect(found.count == 4 && found.id(of: "<pad>") == 3 && found.id(of: "<mask>") == 2)
    #expect(try read("{}").count == 2)
    for added in ["{\"a\": 2}", "{\"c\": 1}", "{\"c\": 3}"] {
      #expect(fault { _ = try read(added) }?.reason == .inconsistent, "\(added)")
    }
    #expect(fault { _ = try read("[]") }?.path == "added_tokens.json")
  }

  private func vocabulary(_ text: String) throws -> Vocabulary {
    try Vocabulary(parsing: Array(text.utf8), path: "v/vocab.json")
  }

  @Test("Tokens stand for bytes; those outside the alphabet for their own UTF-8")
  func bytes() throws {
    let vocabulary = try vocabulary(#"{"Ġthe": 1, "Ã©": 0, "漢 x": 2, "": 3}"#)
    #expect(vocabulary.count == 4)
    let bytes = (0..<5).map { vocabulary.bytes(of: $0).map { Array($0) } }
    #expect(bytes == [[0xC3, 0xA9], Array(" the".utf8), Array("漢 x".utf8), [], nil])
    #expect(vocabulary.id(of: "Ġthe") == 1 && vocabulary.id(of: "the") == nil)
  }

  @Test("Tokens that look alike and have other bytes are two")
  func lookalikes() throws {
    #expect(try vocabulary(#"{"é": 0, "e\u0301": 1}"#).count == 2)
  }

  @Test(
    "A vocabulary that contradicts itself is refused, by what is wrong",
    arguments: [
      (#"{"a": 0, "b": 1, "a": 2}"#, "token \"a\" appears twice"),
      (#"{"a": 0, "b": 1, "c": 1}"#, "\"b\" and \"c\" have one id, 1"),
      (#"{"a": 0, "b": 3, "c": 1}"#, "no token has the id 2, though ids go up to 3"),
      (#"{"a": 1}"#, "no token has the id 0"), ("{}", "holds no tokens"),
      (#"{"a": 2147483648}"#, "token \"a\" has the id 2147483648, which is not below 2^31"),
      (#"{"a": 2147483647}"#, "no token has the id 0, though ids go up to 2147483647"),
    ])
  func contradictions(text: String, expected: String) throws {
    let error = try #require(fault { _ = try vocabulary(text) })
    #expect(error.reason == .inconsistent && error.path == "v/vocab.json")
    #expect(error.description.contains(expected), "\(error)")
  }

  @Test(
    "What is no object of counts is refused, by the byte",
    arguments: [
      "", "[]", "3", "{", #"{"a": -1}"#, #"{"a": "0"}"#, #"{"a": 1.5}"#, #"{"a": 0} x"#,
      #"{"a": 99999999999999999999}"#, "{\"\u{0}\": 0}", #"{"\ud800": 0}"#,
    ])
  func malformed(text: String) throws {
    let error = try #require(fault { _ = try vocabulary(text) })
    #expect(error.reason == .malformed)
    #expect(error.description.hasPrefix("v/vocab.json: byte "))
  }

  @Test("A byte without a token is named")
  func missingByte() throws {
    let tiny = TinyVocabulary()
    let text = tiny.json.replacing("\"Ġ\":", with: "\"GG\":")
    let error = try #require(
      fault {
        _ = try ByteLevelTokenizer(
          vocabulary: (Array(text.utf8), "vocab.json"), merges: ([], "merges.txt"))
      })
    #expect(error.reason == .inconsistent)
    #expect(error.description.contains("no token for byte 32, which it should write as 'Ġ'"))
  }
}
