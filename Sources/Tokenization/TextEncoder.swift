/// Encodes one text after another, with memory of the words it has met.
///
/// What it remembers does not change the ids. Made by
/// ``ByteLevelTokenizer/encoder(remembersWords:)``.
public struct TextEncoder: Sendable {
  private var merger: WordMerger
  private var cache: WordCache?

  init(_ merger: WordMerger, cache: WordCache?) {
    (self.merger, self.cache) = (merger, cache)
  }

  /// The ids of a text.
  ///
  /// - Parameter text: any bytes, fewer than 2^31.
  /// - Returns: the ids, none for an empty text.
  /// - Complexity: O(bytes × log of the longest word).
  public mutating func encode(_ text: [UInt8]) -> [Int32] {
    var ids: [Int32] = []
    ids.reserveCapacity(text.count / 4 + 1)
    text.withUnsafeBufferPointer { text in
      var words = WordScanner(text)
      while let word = words.next() { append(word, of: text, to: &ids) }
    }
    return ids
  }

  @inline(__always)
  private mutating func append(
    _ word: Range<Int>, of text: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]
  ) {
    guard cache != nil, let key = WordCache.key(of: word, in: text) else {
      return merger.append(UnsafeBufferPointer(rebasing: text[word]), to: &ids)
    }
    if cache?.append(key, to: &ids) == true { return }
    let first = ids.count
    merger.append(UnsafeBufferPointer(rebasing: text[word]), to: &ids)
    cache?.insert(key, ids[first...])
  }

  /// The words within which bytes are merged, in order and without a gap.
  ///
  /// - Parameter text: any bytes.
  /// - Returns: ranges of the text; see ``ByteLevelTokenizer`` for the rule.
  public static func words(of text: [UInt8]) -> [Range<Int>] {
    text.withUnsafeBufferPointer { text in
      var (words, ranges) = (WordScanner(text), [Range<Int>]())
      while let word = words.next() { ranges.append(word) }
      return ranges
    }
  }

  /// The words of a text as people count them: runs of characters that are no white space, by
  /// Unicode's property White_Space. A byte that is no UTF-8 is a character of its own.
  ///
  /// - Parameter text: any bytes.
  /// - Returns: ranges of the text, none empty.
  public static func spacedWords(of text: [UInt8]) -> [Range<Int>] {
    text.withUnsafeBufferPointer { text in
      var (words, ranges) = (WordScanner(text), [Range<Int>]())
      while let word = words.nextRun() { ranges.append(word) }
      return ranges
    }
  }
}
