import JSON
import Tokenization

/// A vocabulary of 256 bytes, a few merges and one special token, and what its files hold.
struct TinyVocabulary {
  /// In the order of `bytes_to_unicode`: bytes that print, then the others from U+0100 on.
  static let bytes: [String] = {
    let printed = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
    let others = (0..<256 - printed.count).map { 0x100 + $0 }
    return (printed + others).compactMap { Unicode.Scalar($0).map { String($0) } }
  }()

  var merges = ["Ġ t", "h e", "Ġt he", "a a", "aa a", "b a", "\u{122} \u{101}"]
  var specials = ["<|endoftext|>"]

  /// The tokens in the order of their ids.
  var tokens: [String] {
    TinyVocabulary.bytes + merges.map { $0.replacing(" ", with: "") } + specials
  }

  var json: String {
    jsonObject(tokens.enumerated().map { ($1, "\($0)") })
  }

  var text: String { "#version: 0.2\n" + merges.map { $0 + "\n" }.joined() }

  func tokenizer() throws -> ByteLevelTokenizer {
    try ByteLevelTokenizer(
      vocabulary: (Array(json.utf8), "vocab.json"), merges: (Array(text.utf8), "merges.txt"))
  }

  /// The tokens of a text, as the files write them.
  func tokens(of text: String) throws -> [String] {
    try tokenizer().encode(Array(text.utf8)).map { tokens[Int($0)] }
  }
}

/// What a call throws, as one line.
func fault(_ body: () throws -> Void) -> TokenizationError? {
  do {
    try body()
    return nil
  } catch {
    return error as? TokenizationError
  }
}
