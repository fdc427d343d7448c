import Tokenization

/// What counts as a word of a text in distinct n-grams, repetition and length.
public enum WordRule: String, CaseIterable, Hashable, Codable, Sendable {
  /// A run of characters that are no white space.
  case whitespace
  /// What lies between single blanks (U+0020), which may be nothing: a text that begins with a blank
  /// has an empty word there. The rule of DExperts' evaluation, to compare with its numbers; there an
  /// empty text is one empty word, and here it has none.
  case blanks

  /// The words of a text.
  ///
  /// - Parameter text: any bytes.
  /// - Returns: parts of the text, in order.
  func words(of text: [UInt8]) -> [ArraySlice<UInt8>] {
    switch self {
    case .whitespace: TextEncoder.spacedWords(of: text).map { text[$0] }
    case .blanks: text.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    }
  }
}

/// Numbers words, so that the same bytes always have the same number.
public struct WordNumbering: Sendable {
  private let rule: WordRule
  private var numbers: [ArraySlice<UInt8>: Int32] = [:]

  /// Begins without words.
  ///
  /// - Parameter rule: what counts as a word.
  public init(_ rule: WordRule = .whitespace) { self.rule = rule }

  /// The numbers of a text's words.
  ///
  /// - Parameter text: any bytes; the words are kept.
  /// - Returns: one for each word, in order.
  public mutating func numbers(of text: [UInt8]) -> [Int32] {
    rule.words(of: text).map { word in
      if let number = numbers[word] { return number }
      let number = Int32(numbers.count)
      numbers[word] = number
      return number
    }
  }
}
