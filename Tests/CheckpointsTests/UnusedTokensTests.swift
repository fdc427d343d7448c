import TestSupport
import Testing

@testable import Checkpoints

@Suite struct UnusedTokensTests {
  private func ranges(_ text: String) -> [Range<Int>] {
    UnusedTokens(vocabulary: Array(text.utf8)).ranges
  }

  @Test("Entries named unused and a number are found, neighbours in one range")
  func ranges() {
    #expect(ranges("[PAD]\n[unused0]\n[unused1]\nthe\n[unused99]\n") == [1..<3, 4..<5])
    #expect(ranges("[unused0]\n[unused1]") == [0..<2])
    #expect(ranges("a\r\n[unused0]\r\n[unused1]\r\nb\r\n") == [1..<3])
    #expect(ranges("") == [])
    #expect(ranges("\n\n[unused7]") == [2..<3])
  }

  @Test(
    "Other entries are not",
    arguments: [
      "[unused]", "[unused1", "unused1]", "[unused1x]", "[Unused1]", " [unused1]", "[unused-1]",
      "[unused1] ", "[unused]]", "[UNUSED_1]", "[unused1]\r\r",
    ])
  func others(entry: String) { #expect(ranges(entry + "\nthe\n") == []) }

  @Test("Bytes that are no text are entries as any other")
  func bytes() {
    let bytes = [0xFF, 0x0A] + Array("[unused5]".utf8) + [0x0A, 0xC3]
    #expect(UnusedTokens(vocabulary: bytes).ranges == [1..<2])
  }

  @Test("They are read beside a checkpoint; without a vocabulary there are none")
  func beside() throws {
    let folder = try TemporaryFolder()
    let model = try folder.checkpoint("model.safetensors", [.init("a", [1], [1])])
    #expect(try UnusedTokens(beside: model).ranges == [])
    try folder.write(Array("a\n[unused0]\n".utf8), to: "vocab.txt")
    #expect(try UnusedTokens(beside: model).ranges == [1..<2])
  }
}
