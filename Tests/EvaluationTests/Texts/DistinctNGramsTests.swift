import Evaluation
import Testing

@Suite struct DistinctNGramsTests {
  private func distinct(_ texts: String..., rule: WordRule = .whitespace) -> DistinctNGrams {
    var (numbering, ngrams) = (WordNumbering(rule), DistinctNGrams())
    for text in texts { ngrams.add(numbering.numbers(of: Array(text.utf8))) }
    return ngrams
  }

  @Test("Different n-grams of all texts over words, none across two texts")
  func byHand() {
    let found = distinct(" a b a b", "b a c")
    #expect(found.wordCount == 7)
    #expect(found.count(1) == 3)  // a, b, c
    #expect(found.count(2) == 3)  // ab, ba, ac
    #expect(found.count(3) == 3)  // aba, bab, bac
    #expect(found.share(1) == 3.0 / 7)
  }

  @Test("Without words there is no share, and one word has no 2-gram")
  func edges() {
    #expect(distinct("", " \n").share(1).isNaN)
    #expect(distinct("word").share(1) == 1)
    #expect(distinct("word").share(2) == 0)
  }

  @Test("By single blanks, what lies before a leading blank is an empty word")
  func blanks() {
    let found = distinct(" a a", "", rule: .blanks)
    #expect(found.wordCount == 4)
    #expect(found.count(1) == 2)
    #expect(distinct("a\tb", rule: .blanks).wordCount == 1)
    #expect(distinct("a\tb\u{2003}c\u{A0}d").wordCount == 4)
  }

  @Test("Words are bytes: what reads alike may differ, and what is no UTF-8 counts")
  func bytes() {
    let accent = distinct("\u{E9} e\u{301}")
    #expect(accent.count(1) == 2)
    var numbering = WordNumbering()
    #expect(numbering.numbers(of: [0xFF, 0x20, 0xFE, 0x20, 0xFF]) == [0, 1, 0])
  }
}
