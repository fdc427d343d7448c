/// How many different n-grams some texts have, for each number of words.
///
///     distinct-n = different n-grams of all texts / words of all texts
///
/// An n-gram is n words that follow each other within one text. The denominator is the number of
/// words for every n, so that many short texts have fewer 3-grams than words, and distinct-3 stays
/// below 1.
///
/// Source: Li et al. 2016, arXiv 1510.03055, for n-grams over all words; Liu et al.
/// 2021, "DExperts", arXiv 2105.03023, section 3.1, for taking them over the texts of a prompt.
public struct DistinctNGrams: Sendable {
  /// Words of all texts.
  public private(set) var wordCount = 0
  /// The number of each n-gram by the number of its first n − 1 words and its last word.
  private var numbers: [[UInt64: UInt64]]

  /// Begins without texts.
  ///
  /// - Parameter longest: the most words of an n-gram, at least 1.
  public init(upTo longest: Int = 3) {
    precondition(longest >= 1)
    numbers = Array(repeating: [:], count: longest)
  }

  /// Takes the n-grams of a text.
  ///
  /// - Parameter words: numbers of its words.
  /// - Complexity: O(words · longest n-gram).
  public mutating func add(_ words: [Int32]) {
    wordCount += words.count
    for start in words.indices {
      var prefix: UInt64 = 0
      for (level, word) in words[start...].prefix(numbers.count).enumerated() {
        let key = prefix << 32 | UInt64(UInt32(bitPattern: word))
        let next = numbers[level][key] ?? UInt64(numbers[level].count)
        numbers[level][key] = next
        prefix = next
      }
    }
  }

  /// Different n-grams of one length.
  ///
  /// - Parameter length: n, from 1 to the longest.
  /// - Returns: how many there are.
  public func count(_ length: Int) -> Int { numbers[length - 1].count }

  /// Distinct-n.
  ///
  /// - Parameter length: n, from 1 to the longest.
  /// - Returns: from 0 to 1; NaN without words.
  public func share(_ length: Int) -> Double { Double(count(length)) / Double(wordCount) }
}
