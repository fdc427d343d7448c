import Evaluation
import Testing

@Suite struct RepetitionTests {
  @Test("The share of 4-grams that the text had before")
  func share() {
    // 1234, 2341, 3412, 4123, 1234, 2341: two of six were there.
    #expect(Repetition([1, 2, 3, 4, 1, 2, 3, 4, 1]).share == 1 - 4.0 / 6)
    #expect(Repetition([1, 2, 3, 4]).share == 0)
    #expect(Repetition([1, 2, 3]).share.isNaN)
    #expect(Repetition([]).share.isNaN)
  }

  @Test("A loop is a phrase of two words or more, three times at the end")
  func loops() {
    #expect(Repetition([9, 1, 2, 1, 2, 1, 2]).endsInLoop)
    #expect(!Repetition([9, 1, 2, 1, 2]).endsInLoop)
    #expect(!Repetition([1, 2, 1, 2, 1, 2, 9]).endsInLoop)
    #expect(!Repetition([9, 5, 5, 5]).endsInLoop)
    #expect(Repetition([5, 5, 5, 5, 5, 5]).endsInLoop)
    #expect(Repetition([7, 1, 2, 3, 1, 2, 3, 1, 2, 3]).endsInLoop)
  }

  @Test("Loops are found as by comparing every phrase, and in long texts at once")
  func naive() {
    func slow(_ words: [Int32]) -> Bool {
      (2...max(words.count, 2)).contains { phrase in
        guard 3 * phrase <= words.count else { return false }
        let end = words.suffix(phrase)
        return [1, 2].allSatisfy { round in
          words.dropLast(round * phrase).suffix(phrase).elementsEqual(end)
        }
      }
    }
    // All 4096 texts of twelve words of two kinds.
    for bits in 0..<4096 {
      let words = (0..<12).map { Int32(bits >> $0 & 1) }
      #expect(Repetition(words).endsInLoop == slow(words), "\(words)")
    }
    // Quadratic work would be 10¹¹ comparisons.
    #expect(!Repetition([Int32](repeating: 1, count: 400_000) + [2]).endsInLoop)
  }
}
