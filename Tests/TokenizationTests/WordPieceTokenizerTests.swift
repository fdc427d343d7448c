import JSON
import Testing
import Tokenization

@Suite struct WordPieceTokenizerTests {
  private static let tokens = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "the", "The", "e", "\u{E9}", ",",
    "\u{6F22}", "\u{1112}", "##\u{1161}", "##\u{11AB}", "i", "##x", "x", "$",
  ]

  private func tokenizer(_ settings: WordPieceSettings = WordPieceSettings()) throws
    -> WordPieceTokenizer
  {
    let text = WordPieceTokenizerTests.tokens.joined(separator: "\n") + "\n"
    return try WordPieceTokenizer(
      vocabulary: Array(text.utf8), path: "vocab.txt", settings: settings)
  }

  private func pieces(
    _ text: String, _ settings: WordPieceSettings = WordPieceSettings()
  ) throws -> [String] {
    try tokenizer(settings).encode(Array(text.utf8)).map { WordPieceTokenizerTests.tokens[Int($0)] }
  }

  private func settings(_ json: String) throws -> WordPieceSettings {
    var settings = WordPieceSettings()
    try settings.read(Array(json.utf8), path: "tokenizer_config.json")
    return settings
  }

  @Test("Words are the longest pieces there are, or unknown as a whole")
  func longestPieces() throws {
    #expect(try pieces("unaffable") == ["un", "##aff", "##able"])
    #expect(try pieces("unaffably the") == ["[UNK]", "the"])
    #expect(try pieces(" \t the\u{A0}the\r\n") == ["the", "the"])
    #expect(try pieces("") == [])
  }

  @Test("A word of a hundred characters is taken apart, a longer one is unknown")
  func longWords() throws {
    let hundred = try pieces(String(repeating: "x", count: 100))
    #expect(hundred == ["x"] + Array(repeating: "##x", count: 99))
    #expect(try pieces(String(repeating: "x", count: 101)) == ["[UNK]"])
  }

  @Test("Punctuation, signs of ASCII and Chinese characters are words")
  func separation() throws {
    #expect(try pieces("the,the$the") == ["the", ",", "the", "$", "the"])
    #expect(try pieces("the\u{6F22}\u{6F22}") == ["the", "\u{6F22}", "\u{6F22}"])
    let joined = try settings(#"{"tokenize_chinese_chars": false}"#)
    #expect(try pieces("\u{6F22}\u{6F22}", joined) == ["[UNK]"])
  }

  @Test("Letters become small and lose their accents, unless settings say otherwise")
  func letters() throws {
    #expect(try pieces("THE The \u{E9} e\u{301} \u{130}") == ["the", "the", "e", "e", "i"])
    let cased = try settings(#"{"do_lower_case": false, "tokenizer_class": "BertTokenizer"}"#)
    #expect(try pieces("The the \u{E9} \u{C9}", cased) == ["The", "the", "\u{E9}", "[UNK]"])
    let accented = try settings(#"{"do_lower_case": true, "strip_accents": false}"#)
    #expect(try pieces("The \u{C9}", accented) == ["the", "\u{E9}"])
    let plain = try settings(#"{"do_lower_case": false, "strip_accents": true}"#)
    #expect(try pieces("The \u{E9}", plain) == ["The", "e"])
  }

  @Test("Syllables of Hangul come apart with accents")
  func hangul() throws {
    #expect(try pieces("\u{D55C}") == ["\u{1112}", "##\u{1161}", "##\u{11AB}"])
  }

  @Test("Control and format characters go, and bytes that are no UTF-8")
  func dropped() throws {
    #expect(try pieces("t\u{0}h\u{200B}e\u{AD} \u{FEFF}the\u{85}") == ["the", "the"])
    #expect(try tokenizer().encode([0x74, 0xFF, 0x68, 0x65]) == [7])
  }

  @Test("tokenizer.json gives the same tokens, and its configuration takes precedence")
  func file() throws {
    let vocabulary = jsonObject(WordPieceTokenizerTests.tokens.enumerated().map { ($1, "\($0)") })
    func read(_ normalizer: String, _ configuration: String?) throws -> [Int32] {
      let text = """
        {"normalizer": {"type": "BertNormalizer", "clean_text": true\(normalizer)},
        "pre_tokenizer": {"type": "BertPreTokenizer"}, "model": {"type": "WordPiece",
        "unk_token": "[UNK]", "max_input_chars_per_word": 100, "vocab": \(vocabulary)}}
        """
      return try WordPieceTokenizer(
        parsing: Array(text.utf8), path: "tokenizer.json",
        configuration: configuration.map { (Array($0.utf8), "tokenizer_config.json") }
      ).encode(Array("The".utf8))
    }
    #expect(try read("", nil) == [7])
    #expect(try read(#", "lowercase": false"#, nil) == [8])
    #expect(try read(#", "lowercase": false"#, #"{"do_lower_case": true}"#) == [7])
    #expect(fault { _ = try read(#", "clean_text": false"#, nil) }?.reason == .unsupported)
  }

  @Test("Tokenizers of another kind are errors that name what is foreign")
  func foreign() throws {
    let type = fault { _ = try settings(#"{"tokenizer_class": "RobertaTokenizer"}"#) }
    #expect(type?.detail.contains("RobertaTokenizer") == true)
    #expect(fault { _ = try settings(#"{"do_basic_tokenize": false}"#) }?.reason == .unsupported)
    let file = fault {
      _ = try WordPieceTokenizer(
        parsing: Array(#"{"model": {"type": "BPE", "vocab": {}}}"#.utf8), path: "tokenizer.json",
        configuration: nil)
    }
    #expect(file?.detail.contains(#"model of type "BPE""#) == true)
  }

  @Test("A vocabulary without the tokens that BERT needs, or with one twice, is an error")
  func vocabularies() throws {
    func read(_ text: String) throws -> WordPieceTokenizer {
      try WordPieceTokenizer(
        vocabulary: Array(text.utf8), path: "vocab.txt", settings: WordPieceSettings())
    }
    #expect(fault { _ = try read("the\n") }?.detail.contains("[UNK]") == true)
    #expect(fault { _ = try read("[UNK]\nthe\nthe\n") }?.reason == .inconsistent)
    #expect(fault { _ = try read("") }?.reason == .inconsistent)
    let unmarked = try read("[UNK]\r\n[CLS]\r\n")
    #expect(unmarked.vocabulary.count == 2)
    #expect(
      fault { _ = try ClassifierTokenizer(bert: unmarked, longestInput: 4) }?
        .detail.contains("[SEP]") == true)
  }

  @Test("A classifier's ids are framed, and cut before the last special one")
  func framing() throws {
    let tokenizer = try ClassifierTokenizer(bert: tokenizer(), longestInput: 4)
    #expect(tokenizer.ids(of: Array("the".utf8)) == [2, 7, 3])
    #expect(tokenizer.ids(of: Array("the the the".utf8)) == [2, 7, 7, 3])
    #expect(tokenizer.ids(of: []) == [2, 3])
    #expect(tokenizer.tokenCount == WordPieceTokenizerTests.tokens.count)
  }

  @Test("RoBERTa has marks of its own, GPT-2 none")
  func byteLevelFraming() throws {
    var tiny = TinyVocabulary()
    let text = Array("aab".utf8)
    let plain = ClassifierTokenizer(gpt2: try tiny.tokenizer(), longestInput: 1)
    #expect(plain.ids(of: text).count == 1)
    #expect(plain.ids(of: []) == [])
    #expect(throws: TokenizationError.self) {
      try ClassifierTokenizer(roberta: tiny.tokenizer(), longestInput: 8)
    }
    tiny.specials = ["<s>", "</s>"]
    let marks = Int32(tiny.tokens.count - 2)
    let framed = try ClassifierTokenizer(roberta: tiny.tokenizer(), longestInput: 3)
    #expect(framed.ids(of: text) == [marks, try tiny.tokenizer().encode(text)[0], marks + 1])
  }
}
