/// Learns merges from counts of words.
///
/// Tokens are the 256 bytes at first. Again and again, the pair of neighbours within words that
/// occurs most often becomes a token; of pairs that occur equally often, the one whose left token
/// has the smallest id, then whose right token has. Bytes have the ids of their characters' order
/// (``ByteAlphabet``). A run of one token counts each pair in it, overlapping ones too, and is
/// merged from the left. If what a pair makes is a token already, they share it.
///
/// What is learned depends on the counts alone, not on the order of words.
///
/// Sources: Sennrich, Haddow & Birch 2016, "Neural Machine Translation of Rare Words with Subword
/// Units", algorithm 1; the order of equal ones is that of `BpeTrainer` in Hugging Face's
/// `tokenizers`.
struct MergeLearner {
  /// The bytes of each token, by id.
  private(set) var tokens: [[UInt8]]
  /// The pairs merged, in order, each once.
  private(set) var merges: [TokenPair] = []
  private var ids: [[UInt8]: Int32]
  private var words: LearningWords
  private var pairs = PairTable()

  /// Begins with bytes.
  init(_ counts: WordCounts) {
    tokens = (UInt8.min...UInt8.max)
      .sorted { ByteAlphabet.characters[Int($0)] < ByteAlphabet.characters[Int($1)] }.map { [$0] }
    ids = Dictionary(
      tokens.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
    var idOfByte = [Int32](repeating: 0, count: 256)
    for (id, token) in tokens.enumerated() { idOfByte[Int(token[0])] = Int32(id) }
    words = LearningWords(counts, idOfByte: idOfByte)
    words.countPairs(in: &pairs)
    pairs.settle(after: nil)
  }

  /// Merges until there are so many tokens, or no pair occurs often enough.
  ///
  /// - Parameters:
  ///   - tokenCount: how many tokens there are to be, bytes included.
  ///   - minimum: how often a pair must occur.
  /// - Complexity: O(bytes of distinct words + Σ over merges of the lengths of the words that hold
  ///   the pair + pairs × log pairs).
  mutating func run(tokenCount: Int, minimum: Int) {
    while tokens.count < tokenCount, let pair = pairs.next(atLeast: minimum) { merge(pair) }
  }

  private mutating func merge(_ pair: TokenPair) {
    let (holders, isRepeated) = pairs.take(pair)
    let id = id(of: tokens[Int(pair.left)] + tokens[Int(pair.right)])
    if !isRepeated { merges.append(pair) }
    for word in holders { words.merge(pair, into: id, in: word, &pairs) }
    pairs.settle(after: pair)
  }

  /// The id of a token, which may be new.
  private mutating func id(of token: [UInt8]) -> Int32 {
    if let id = ids[token] { return id }
    let id = Int32(tokens.count)
    tokens.append(token)
    ids[token] = id
    return id
  }
}

/// Distinct words as ids, which become fewer as they are merged.
private struct LearningWords {
  private var ids: [Int32] = []
  /// Where in `ids` each word lies.
  private var ranges: [Range<Int>] = []
  private let counts: [Int]

  init(_ words: WordCounts, idOfByte: [Int32]) {
    ids.reserveCapacity(words.byteCount)
    for index in 0..<words.count {
      let first = ids.count
      ids += words.word(index).lazy.map { idOfByte[Int($0)] }
      ranges.append(first..<ids.count)
    }
    counts = (0..<words.count).map(words.occurrences)
  }

  func countPairs(in pairs: inout PairTable) {
    for (word, range) in ranges.enumerated() {
      for place in range.dropLast() {
        pairs.add(counts[word], of: TokenPair(ids[place], ids[place + 1]), in: Int32(word))
      }
    }
  }

  /// Puts a token in the place of each occurrence of a pair in a word, from the left, and changes
  /// the counts of the pairs beside it.
  mutating func merge(
    _ pair: TokenPair, into id: Int32, in word: Int32, _ pairs: inout PairTable
  ) {
    let (range, count) = (ranges[Int(word)], counts[Int(word)])
    var (from, to) = (range.lowerBound, range.lowerBound)
    while from < range.upperBound {
      if from + 1 < range.upperBound, TokenPair(ids[from], ids[from + 1]) == pair {
        if to > range.lowerBound {
          let before = ids[to - 1]
          pairs.remove(count, of: TokenPair(before, pair.left))
          pairs.add(count, of: TokenPair(before, id), in: word)
        }
        if from + 2 < range.upperBound {
          let after = ids[from + 2]
          pairs.remove(count, of: TokenPair(pair.right, after))
          pairs.add(count, of: TokenPair(id, after), in: word)
        }
        ids[to] = id
        from += 2
      } else {
        ids[to] = ids[from]
        from += 1
      }
      to += 1
    }
    ranges[Int(word)] = range.lowerBound..<to
  }
}
