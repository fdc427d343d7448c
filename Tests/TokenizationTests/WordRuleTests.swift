import Testing
import Tokenization

@Suite struct WordRuleTests {
  private func words(_ text: String) -> [String] {
    let bytes = Array(text.utf8)
    return TextEncoder.words(of: bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
  }

  @Test(
    "Words are those of GPT-2's regular expression",
    arguments: [
      ("", []), ("a", ["a"]), ("Hello world", ["Hello", " world"]),
      ("it's we'll I'd they've", ["it", "'s", " we", "'ll", " I", "'d", " they", "'ve"]),
      ("IT'S 'tis", ["IT", "'", "S", " '", "tis"]),
      ("a'sb a'rx 'l", ["a", "'s", "b", " a", "'", "rx", " '", "l"]),
      ("x2 34y", ["x", "2", " 34", "y"]), ("a  b", ["a", " ", " b"]), ("a   ", ["a", "   "]),
      ("a\nb", ["a", "\n", "b"]), ("a\n\nb", ["a", "\n", "\n", "b"]),
      ("a \nb", ["a", " ", "\n", "b"]), ("a\n b", ["a", "\n", " b"]),
      ("a\u{A0}b", ["a", "\u{A0}", "b"]), ("\u{3000}\u{3000}漢", ["\u{3000}", "\u{3000}", "漢"]),
      ("...!? (x)", ["...!?", " (", "x", ")"]), ("é e\u{301}", ["é", " e", "\u{301}"]),
      ("½٣Ⅳ", ["½٣Ⅳ"]), ("𐐀a😀", ["𐐀a", "😀"]), ("\u{1C} \u{85}x", ["\u{1C}", " ", "\u{85}", "x"]),
      ("\u{200B}\u{FEFF}", ["\u{200B}\u{FEFF}"]), ("!'s", ["!'", "s"]), (" 's", [" '", "s"]),
      ("'", ["'"]), (" ", [" "]), ("  ", ["  "]),
    ])
  func regularExpression(text: String, expected: [String]) { #expect(words(text) == expected) }

  @Test(
    "Bytes that are no UTF-8 are each a character that is neither letter, number nor blank",
    arguments: [
      ([0x61, 0xFF, 0x62], [1, 1, 1]), ([0xC0, 0x80], [2]), ([0xED, 0xA0, 0x80, 0x61], [3, 1]),
      ([0xE2, 0x82], [2]), ([0xE2, 0x82, 0x61], [2, 1]), ([0x20, 0xF5], [2]),
      ([0xF4, 0x90, 0x80, 0x80, 0x32], [4, 1]), ([0xC3], [1]), ([0xF0, 0x9F, 0x98, 0x80], [4]),
      ([0xF0, 0x8F, 0xBF, 0xBF], [4]), ([0xE0, 0x9F, 0xBF, 0xC3, 0xA9], [3, 2]),
    ])
  func invalid(bytes: [UInt8], lengths: [Int]) {
    #expect(TextEncoder.words(of: bytes).map(\.count) == lengths)
  }
}
