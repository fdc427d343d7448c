import TestSupport
import Testing
import Tokenization

@Suite struct ByteLevelTokenizerTests {
  private let tiny = TinyVocabulary()

  @Test(
    "The pair of the smallest rank is merged first, and of equal ones the leftmost",
    arguments: [
      (" the", ["Ġthe"]), (" th", ["Ġt", "h"]), ("the", ["t", "he"]), ("aaa", ["aaa"]),
      ("aaaa", ["aa", "aa"]), ("aaaaa", ["aa", "aaa"]), ("baa", ["b", "aa"]), ("ba", ["ba"]),
      ("\u{1}", ["\u{101}"]), ("", []),
    ])
  func order(text: String, expected: [String]) throws {
    #expect(try tiny.tokens(of: text) == expected)
  }

  @Test("A special token in a text is text")
  func specialsAreText() throws {
    let tokenizer = try tiny.tokenizer()
    #expect(tokenizer.endOfText == Int32(tiny.tokens.count - 1))
    let ids = tokenizer.encode(Array("<|endoftext|>".utf8))
    #expect(ids.count == 13 && !ids.contains(tokenizer.endOfText ?? 0))
  }

  @Test("Marks of a sequence are RoBERTa's; its end of text is </s>")
  func marks() throws {
    #expect(try tiny.tokenizer().sequenceMarks == nil)
    var roberta = tiny
    roberta.specials = ["<s>", "</s>"]
    let tokenizer = try roberta.tokenizer()
    let marks = try #require(tokenizer.sequenceMarks)
    #expect(Int(marks.start) == roberta.tokens.count - 2 && marks.end == marks.start + 1)
    #expect(tokenizer.endOfText == marks.end)
  }

  @Test("Any bytes come back")
  func roundTrip() throws {
    let tokenizer = try tiny.tokenizer()
    var (encoder, generator) = (tokenizer.encoder(), SeededGenerator(seed: 1))
    for length in 0..<400 {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(try tokenizer.decode(encoder.encode(bytes)) == bytes)
    }
  }

  /// Byte-pair encoding of one word as it is defined, on texts.
  private func plainly(_ word: String) -> [String] {
    var parts = word.map(String.init)
    while true {
      let pairs = zip(parts, parts.dropFirst()).map { tiny.merges.firstIndex(of: "\($0) \($1)") }
      guard let best = pairs.compactMap({ $0 }).min(), let place = pairs.firstIndex(of: best)
      else { return parts }
      parts.replaceSubrange(place...place + 1, with: [parts[place] + parts[place + 1]])
    }
  }

  @Test("Short words and long ones, which are merged by a heap, are merged as defined")
  func longWords() throws {
    let tokenizer = try tiny.tokenizer()
    var generator = SeededGenerator(seed: 2)
    for length in [1, 2, 15, 16, 63, 64, 65, 66, 130, 500] {
      for _ in 0..<10 {
        let word = String(
          (0..<length).map { _ in "aaabhe".randomElement(using: &generator) ?? "a" })
        #expect(tokenizer.encode(Array(word.utf8)).map { tiny.tokens[Int($0)] } == plainly(word))
      }
    }
  }

  @Test("A word of a million letters takes no quadratic time", .timeLimit(.minutes(1)))
  func hugeWord() throws {
    let word = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
    #expect(try tiny.tokenizer().encode(word).count == 500_000)
  }

  @Test("What is remembered does not change ids, wherever in a text a word is")
  func memory() throws {
    let tokenizer = try tiny.tokenizer()
    var (remembering, generator) = (tokenizer.encoder(), SeededGenerator(seed: 3))
    let words = [
      "the", " the", "'s", "aaaaa", "  ", "é", "abracadabrabrabra", "\0", "\0\0", "12345678",
    ]
    for _ in 0..<500 {
      let count = Int.random(in: 0...8, using: &generator)
      let text = (0..<count).compactMap { _ in words.randomElement(using: &generator) }.joined()
      #expect(remembering.encode(Array(text.utf8)) == tokenizer.encode(Array(text.utf8)), "\(text)")
    }
  }

  @Test("An id that is not in the vocabulary names the file and the ids it has")
  func unknownToken() throws {
    let tokenizer = try tiny.tokenizer()
    for id in [-1, Int32(tiny.tokens.count), .max] {
      let error = try #require(fault { _ = try tokenizer.decode([0, id]) })
      #expect(error.reason == .unknownToken)
      #expect(
        error.description
          == "vocab.json: has no token \(id); ids go up to \(tiny.tokens.count - 1)")
    }
  }
}
