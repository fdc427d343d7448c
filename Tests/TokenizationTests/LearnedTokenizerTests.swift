import TestSupport
import Testing
import Tokenization

@Suite struct LearnedTokenizerTests {
  private func learn(
    _ texts: [String], size: Int = 300, atLeast minimum: Int = 1, specials: [String] = []
  ) -> LearnedTokenizer {
    var words = WordCounts()
    for text in texts { words.add(Array(text.utf8)) }
    return LearnedTokenizer(
      from: words, vocabularySize: size, minimumFrequency: minimum, specials: specials)
  }

  private func merges(_ learned: LearnedTokenizer) -> [String] {
    learned.mergesFile.split(separator: "\n").dropFirst().map(String.init)
  }

  private func tokenizer(_ learned: LearnedTokenizer) throws -> ByteLevelTokenizer {
    try ByteLevelTokenizer(
      vocabulary: (Array(learned.vocabularyFile.utf8), "vocab.json"),
      merges: (Array(learned.mergesFile.utf8), "merges.txt"))
  }

  @Test(
    "The most frequent pair is merged first; of equal ones that of the smallest ids",
    arguments: [
      // b c occurs 3 times, a b twice; then a bc twice.
      (["abc abc bc"], 2, ["b c", "a bc"]),
      // All pairs once: a before c, whatever comes first in the text.
      (["cd", "ab"], 1, ["a b", "c d"]), (["ab", "cd"], 1, ["a b", "c d"]),
      // Blanks are U+0120, after all letters.
      (["a a a"], 1, ["Ġ a"]), ([" ab"], 1, ["a b", "Ġ ab"]),
      // In a run, overlapping pairs count: 3 of a a. It is merged from the left.
      (["aaaa"], 1, ["a a", "aa aa"]), (["aaa"], 2, ["a a"]), (["aaa"], 1, ["a a", "aa a"]),
      ([""], 1, []), (["a"], 1, []),
    ])
  func order(texts: [String], minimum: Int, expected: [String]) {
    #expect(merges(learn(texts, atLeast: minimum)) == expected)
  }

  @Test("Pairs are counted within words only")
  func words() {
    #expect(merges(learn(["a.", "a.", "1a", "1a"], atLeast: 2)) == [])
    #expect(merges(learn(["it's it's"], atLeast: 2)) == ["' s", "i t"].sorted())
  }

  @Test("Two pairs may make one token, whose id they share")
  func sharedToken() throws {
    // xab: x a is merged first (3 of xac), then ab (3 of ab) is; xa b and x ab both make xab.
    let texts = ["xac xac xac xac", "ab ab ab", "xab xab"]
    let learned = learn(texts, size: 400, atLeast: 1)
    #expect(learned.vocabularySize <= 256 + learned.mergeCount)
    #expect(Set(merges(learned)).count == learned.mergeCount)
    let tokenizer = try tokenizer(learned)
    for text in texts {
      #expect(try tokenizer.decode(tokenizer.encode(Array(text.utf8))) == Array(text.utf8))
    }
  }

  @Test("Merges are those of Hugging Face's tokenizers 0.22.2, ties among them")
  func peer() {
    let text =
      "How many ways are there to tell two trees from three? None of them told the others' tale; "
      + "they'd rather wait, whatever the weather: 1123 112 3 11. Ça va, là-bas où ça vaut."
    let expected =
      "Ġ t, h e, Ġt he, r e, Ġ w, 1 1, a t, Ġ o, Ġ 11, he r, v a, Ġ Ã, Ġ va, Ġt o, re e, Ġw a, "
      + "at her, Ġ11 2"
    #expect(merges(learn([text], size: 400, atLeast: 2)).joined(separator: ", ") == expected)
  }

  /// Byte-pair encoding learned as it is defined: all pairs are counted anew for each merge.
  private func plainMerges(_ words: [String], atLeast minimum: Int) -> [String] {
    var (words, merges) = (words.map { $0.map(String.init) }, [String]())
    var order = Dictionary(
      uniqueKeysWithValues: TinyVocabulary.sortedBytes.enumerated().map { ($1, $0) })
    while true {
      var counts: [[Int]: (count: Int, parts: [String])] = [:]
      for word in words {
        for parts in zip(word, word.dropFirst()) {
          let key = [order[parts.0] ?? 0, order[parts.1] ?? 0]
          counts[key, default: (0, [parts.0, parts.1])].count += 1
        }
      }
      // What was merged before is merged at once where it occurs again.
      let again = counts.filter { merges.contains("\($1.parts[0]) \($1.parts[1])") }
      let best = (again.isEmpty ? counts : again).min {
        ($1.value.count, $0.key[0], $0.key[1]) < ($0.value.count, $1.key[0], $1.key[1])
      }
      guard let best, !again.isEmpty || best.value.count >= minimum else { return merges }
      let (left, right) = (best.value.parts[0], best.value.parts[1])
      if !merges.contains("\(left) \(right)") { merges.append("\(left) \(right)") }
      if order[left + right] == nil { order[left + right] = order.count }
      words = words.map { joined($0, left, right) }
    }
  }

  private func joined(_ word: [String], _ left: String, _ right: String) -> [String] {
    var result: [String] = []
    for part in word {
      if part == right, result.last == left, result.count > 0 {
        result[result.count - 1] = left + right
      } else {
        result.append(part)
      }
    }
    return result
  }

  @Test("Merges are those of counting all pairs anew each time", arguments: 0..<20 as Range<UInt64>)
  func definition(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let words = (0..<40).map { _ in
      String(
        (0..<Int.random(in: 1...9, using: &generator)).map { _ in
          "aaabhe".randomElement(using: &generator) ?? "a"
        })
    }
    let learned = learn(words, size: 2000, atLeast: 2)
    #expect(merges(learned) == plainMerges(words, atLeast: 2))
    #expect(
      merges(learn(words.shuffled(using: &generator), size: 2000, atLeast: 2)) == merges(learned))
  }

  @Test("Ids are those of bytes, merges and special tokens, and give any bytes back")
  func roundTrip() throws {
    let learned = learn(
      ["the cat the cat", "naïve \u{1}"], size: 262, specials: ["<|endoftext|>", "<pad>"])
    #expect(learned.vocabularySize == 262 && learned.mergeCount == 4)
    let tokenizer = try tokenizer(learned)
    #expect(tokenizer.vocabulary.id(of: "!") == 0)
    #expect(tokenizer.vocabulary.id(of: "Ġ") == 220)
    #expect(tokenizer.endOfText == 260 && tokenizer.vocabulary.id(of: "<pad>") == 261)
    let bytes = Array(UInt8.min...UInt8.max) + Array(" the cat".utf8)
    #expect(try tokenizer.decode(tokenizer.encode(bytes)) == bytes)
    try TokenizerConfiguration.check(Array(learned.configurationFile.utf8), path: "c.json")
    #expect(learned.configurationFile.contains(#""additional_special_tokens":["<pad>"]"#))
  }

  @Test("A word longer than a piece counts as pieces")
  func longWords() {
    let piece = WordCounts.pieceByteCount
    var words = WordCounts()
    words.add([UInt8](repeating: UInt8(ascii: "a"), count: 3 * piece + 1))
    #expect(words.count == 2 && words.occurrenceCount == 4)
    words.add([])
    #expect(words.occurrenceCount == 4)
  }

  @Test("A hundred thousand different words are told apart")
  func manyWords() {
    var words = WordCounts()
    for number in 0..<100_000 { words.add(Array("\(number)".utf8)) }
    for number in 0..<100_000 { words.add(Array("\(number)".utf8)) }
    #expect(words.count == 100_000 && words.occurrenceCount == 200_000)
  }

  @Test("A special token is one that no merge can make")
  func specials() {
    #expect(
      ["<|endoftext|>", "<s>", "</s>", "[PAD]"].allSatisfy(LearnedTokenizer.isPossibleSpecial))
    #expect(!["", "end", " end", "<|", "'s"].contains(where: LearnedTokenizer.isPossibleSpecial))
  }
}

extension TinyVocabulary {
  /// In the order of their code points, which is that of learned ids.
  fileprivate static let sortedBytes = bytes.sorted {
    $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars)
  }
}
