import Tensors
import Testing

@Suite struct TensorNameTests {
  private let composed: TensorName = "caf\u{E9}"
  private let decomposed: TensorName = "cafe\u{301}"

  @Test("Names that only look the same are two names")
  func canonicalEquivalence() {
    #expect(composed.text == decomposed.text)
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect(composed < decomposed || decomposed < composed)
  }

  @Test("Equal bytes are one name, wherever they come from")
  func equality() {
    let built = TensorName(String(decoding: [0x77, 0x74, 0x65] as [UInt8], as: UTF8.self))
    #expect(built == "wte")
    #expect(Set([built, "wte"]).count == 1)
    #expect(!(built < "wte"))
  }

  @Test("Names are in the order of their bytes")
  func order() {
    let names: [TensorName] = ["h.10.x", "\u{FF21}", "h.1.x", "", "\u{1F600}", "h.2.x", "H"]
    #expect(names.sorted() == ["", "H", "h.1.x", "h.10.x", "h.2.x", "\u{FF21}", "\u{1F600}"])
  }

  @Test(
    "What steers a terminal or hides text is printed as its number",
    arguments: [
      ("\u{1B}[31mred", "\\u{1B}[31mred"), ("a\u{202E}b", "a\\u{202E}b"), ("a\nb", "a\\u{A}b"),
      ("a\r\nb", "a\\u{D}\\u{A}b"), ("a\0b", "a\\u{0}b"), ("a\u{7F}", "a\\u{7F}"),
      ("a\u{9B}2J", "a\\u{9B}2J"), ("a\u{200B}b", "a\\u{200B}b"), ("a\u{2066}b", "a\\u{2066}b"),
      ("a\u{2028}b\u{2029}", "a\\u{2028}b\\u{2029}"), ("\u{FEFF}a", "\\u{FEFF}a"),
    ])
  func escapes(text: String, printed: String) {
    #expect(TensorName(text).description == printed)
    #expect(TensorName(text).text == text)
  }

  @Test(
    "Other text is printed as it is",
    arguments: ["", "h.0.attn.c_attn.weight", "caf\u{E9}", "\u{6F22}\u{5B57}", "\u{1F600}", "a b"])
  func plain(text: String) { #expect(TensorName(text).description == text) }
}
