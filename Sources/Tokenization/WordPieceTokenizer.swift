/// BERT's tokenizer: words of a normalized text, each as the longest pieces that the vocabulary has.
///
/// A piece that does not begin a word is written with `##` before it. A word that cannot be made of
/// pieces, or has more than 100 characters, is `[UNK]`. Special tokens are never looked for in a
/// text.
///
/// Source: `WordpieceTokenizer` in `tokenization.py` of Google's BERT (2018).
public struct WordPieceTokenizer: Sendable {
  /// The tokens and their ids.
  public let vocabulary: Vocabulary
  private let normalizer: BERTNormalizer
  private let unknown: Int32
  /// Bytes of the longest token.
  private let longestToken: Int

  private static let longestWord = 100

  /// Reads `vocab.txt`: one token a line, the first with id 0.
  ///
  /// - Parameters:
  ///   - bytes: the content of the file.
  ///   - path: the file, for messages.
  ///   - settings: what is done to text first.
  /// - Throws: ``TokenizationError`` if a token appears twice, there is none, or `[UNK]` is missing.
  public init(vocabulary bytes: [UInt8], path: String, settings: WordPieceSettings) throws {
    var entries = TokenEntries(path: path)
    for (id, line) in ByteLines(bytes).enumerated() {
      try entries.add(String(decoding: line, as: UTF8.self), id: id)
    }
    try self.init(entries, settings: settings)
  }

  /// Reads a `tokenizer.json`.
  ///
  /// - Parameters:
  ///   - bytes: the content of the file.
  ///   - path: the file, for messages.
  ///   - configuration: `tokenizer_config.json`, if there is one; its settings take precedence.
  /// - Throws: ``TokenizationError`` as above, and if the file asks for another way to make tokens.
  public init(
    parsing bytes: [UInt8], path: String, configuration: (bytes: [UInt8], path: String)?
  ) throws {
    var file = try WordPieceFile(parsing: bytes, path: path)
    if let configuration {
      try file.settings.read(configuration.bytes, path: configuration.path)
    }
    try self.init(file.entries, settings: file.settings)
  }

  private init(_ entries: TokenEntries, settings: WordPieceSettings) throws {
    vocabulary = try Vocabulary(entries)
    normalizer = BERTNormalizer(settings: settings)
    longestToken = entries.ids.keys.lazy.map(\.utf8.count).max() ?? 0
    unknown = try WordPieceTokenizer.id(of: "[UNK]", in: vocabulary)
  }

  private static func id(of token: String, in vocabulary: Vocabulary) throws -> Int32 {
    guard let id = vocabulary.id(of: token) else {
      throw TokenizationError(
        .unsupported, in: vocabulary.path, "has no token \(token), which BERT needs")
    }
    return id
  }

  /// The tokens that BERT puts before and after a sequence, `[CLS]` and `[SEP]`.
  ///
  /// - Returns: their ids.
  /// - Throws: ``TokenizationError`` if the vocabulary lacks one.
  public func sequenceMarks() throws -> (start: Int32, end: Int32) {
    (
      try WordPieceTokenizer.id(of: "[CLS]", in: vocabulary),
      try WordPieceTokenizer.id(of: "[SEP]", in: vocabulary)
    )
  }

  /// The ids of a text.
  ///
  /// - Parameter text: bytes; those that are no UTF-8 count as U+FFFD, which BERT drops.
  /// - Returns: the ids, without special ones.
  /// - Complexity: O(bytes × longest token), that squared within a word.
  public func encode(_ text: [UInt8]) -> [Int32] {
    normalizer.words(of: text).flatMap { pieces(of: $0) ?? [unknown] }
  }

  /// The ids of a word, or `nil` if it has too many characters or cannot be made of pieces.
  private func pieces(of word: [UInt8]) -> [Int32]? {
    guard word.count(where: { $0 & 0xC0 != 0x80 }) <= WordPieceTokenizer.longestWord else {
      return nil
    }
    var (ids, start) = ([Int32](), 0)
    while start < word.count {
      guard let (id, end) = longestPiece(of: word, from: start) else { return nil }
      ids.append(id)
      start = end
    }
    return ids
  }

  private func longestPiece(of word: [UInt8], from start: Int) -> (id: Int32, end: Int)? {
    let prefix = Array((start == 0 ? "" : "##").utf8)
    // Pieces of valid UTF-8 end with a character, since tokens do.
    for end in (start..<min(start + longestToken, word.count)).reversed() {
      let token = TokenText(prefix + word[start...end])
      if let id = vocabulary.id(of: token) { return (id, end + 1) }
    }
    return nil
  }
}
