/// How much a text repeats itself.
public struct Repetition: Hashable, Codable, Sendable {
  /// The share of 4-grams that the text had before: 1 − different 4-grams / 4-grams, from 0 to below
  /// 1; NaN for fewer than four words.
  ///
  /// Source: Welleck et al. 2020, arXiv 1908.04319: seq-rep-4, there of tokens.
  public let share: Double
  /// Whether the text ends in a phrase of two words or more, three times in a row.
  ///
  /// Source: Holtzman et al. 2020, arXiv 1904.09751, there of tokens.
  public let endsInLoop: Bool

  private static let length = 4
  private static let least = (phrase: 2, rounds: 3)

  /// Looks at a text.
  ///
  /// - Parameter words: numbers of its words.
  /// - Complexity: O(words).
  public init(_ words: [Int32]) {
    var ngrams = DistinctNGrams(upTo: Repetition.length)
    ngrams.add(words)
    let count = words.count - Repetition.length + 1
    share = count > 0 ? 1 - Double(ngrams.count(Repetition.length)) / Double(count) : .nan
    endsInLoop = Repetition.endsInLoop(words)
  }

  private static func endsInLoop(_ words: [Int32]) -> Bool {
    let matches = prefixMatches(words.reversed())
    return matches.indices.dropFirst(least.phrase).contains { period in
      matches[period] >= (least.rounds - 1) * period
    }
  }

  /// For each place, how many words from there on are those that the list begins with (the Z
  /// function; Gusfield 1997, "Algorithms on Strings, Trees, and Sequences", section 1.4).
  private static func prefixMatches(_ words: [Int32]) -> [Int] {
    var (matches, window) = (Array(repeating: 0, count: words.count), 0..<0)
    for place in words.indices.dropFirst() {
      var length = 0
      if window.contains(place) {
        length = min(window.upperBound - place, matches[place - window.lowerBound])
      }
      while place + length < words.count, words[length] == words[place + length] { length += 1 }
      if place + length > window.upperBound { window = place..<place + length }
      matches[place] = length
    }
    return matches
  }
}
