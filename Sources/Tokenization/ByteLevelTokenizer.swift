/// Byte-level byte-pair encoding as GPT-2 has it, with the vocabulary of any model.
///
/// Text is cut into words, the bytes of a word are tokens, and pairs of tokens are merged in the
/// order of a list. Every sequence of bytes has ids, and they give the same bytes back. Special
/// tokens are never looked for in a text: `<|endoftext|>` is encoded as the characters it has.
///
/// Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section
/// 2.2, and its `encoder.py`.
public struct ByteLevelTokenizer: Sendable {
  /// The tokens and their ids.
  public let vocabulary: Vocabulary
  /// The token that ends a text, and begins one; `nil` if there is none. It is `<|endoftext|>`, or
  /// else `</s>`, unless ``ending(with:)`` says otherwise.
  public private(set) var endOfText: Int32?
  private let table: MergeTable
  private let idOfByte: [Int32]

  /// Reads a vocabulary and the merges that go with it.
  ///
  /// - Parameters:
  ///   - vocabulary: the content of `vocab.json` or `encoder.json`, and the file for messages.
  ///   - merges: the same of `merges.txt` or `vocab.bpe`.
  ///   - added: the same of `added_tokens.json`, if there is one: tokens that may repeat those of
  ///     the vocabulary, and whose ids go on where it ends.
  /// - Throws: ``TokenizationError`` if a file is malformed, a merge names a token that is not in
  ///   the vocabulary, or a byte has no token.
  public init(
    vocabulary: (bytes: [UInt8], path: String), merges: (bytes: [UInt8], path: String),
    added: (bytes: [UInt8], path: String)? = nil
  ) throws {
    try self.init(
      Vocabulary(parsing: vocabulary.bytes, path: vocabulary.path, added: added),
      MergeList(parsing: merges.bytes, path: merges.path))
  }

  /// Reads a `tokenizer.json`.
  ///
  /// - Parameters:
  ///   - bytes: the content of the file.
  ///   - path: the file, for messages.
  /// - Throws: ``TokenizationError`` as above, and if the file asks for another way to make tokens.
  public init(parsing bytes: [UInt8], path: String) throws {
    let file = try TokenizerFile(parsing: bytes, path: path)
    try self.init(Vocabulary(file.entries), file.merges)
  }

  private init(_ vocabulary: Vocabulary, _ merges: MergeList) throws {
    self.vocabulary = vocabulary
    endOfText = vocabulary.id(of: "<|endoftext|>") ?? vocabulary.id(of: "</s>")
    idOfByte = try ByteAlphabet.characters.enumerated().map { byte, character in
      guard let id = vocabulary.id(of: String(character)) else {
        throw TokenizationError(
          .inconsistent, in: vocabulary.path,
          "has no token for byte \(byte), which it should write as '\(character)'")
      }
      return id
    }
    table = try merges.table(of: vocabulary)
  }

  /// The same tokenizer with another token that ends texts.
  ///
  /// - Parameter token: one of the vocabulary.
  /// - Returns: a tokenizer whose ``endOfText`` it is.
  public func ending(with token: Int32) -> ByteLevelTokenizer {
    precondition(vocabulary.bytes(of: token) != nil)
    var tokenizer = self
    tokenizer.endOfText = token
    return tokenizer
  }

  /// The tokens that RoBERTa puts before and after a sequence, `<s>` and `</s>`; `nil` if the
  /// vocabulary lacks one.
  public var sequenceMarks: (start: Int32, end: Int32)? {
    guard let start = vocabulary.id(of: "<s>"), let end = vocabulary.id(of: "</s>") else {
      return nil
    }
    return (start, end)
  }

  /// Encodes many texts, remembering words.
  ///
  /// - Parameter remembersWords: whether to keep the ids of words, in 1 MiB.
  /// - Returns: an encoder that one thread uses at a time.
  public func encoder(remembersWords: Bool = true) -> TextEncoder {
    TextEncoder(
      WordMerger(table: table, idOfByte: idOfByte), cache: remembersWords ? WordCache() : nil)
  }

  /// The ids of one text.
  ///
  /// - Parameter text: any bytes.
  /// - Returns: the ids, none for an empty text.
  public func encode(_ text: [UInt8]) -> [Int32] {
    var encoder = encoder(remembersWords: false)
    return encoder.encode(text)
  }

  /// The bytes that ids stand for; special tokens stand for their names.
  ///
  /// - Parameter ids: any.
  /// - Returns: the bytes, which need not be valid UTF-8.
  /// - Throws: ``TokenizationError`` if the vocabulary lacks an id.
  public func decode(_ ids: some Sequence<Int32>) throws -> [UInt8] {
    var text: [UInt8] = []
    for id in ids {
      guard let bytes = vocabulary.bytes(of: id) else {
        throw TokenizationError(
          .unknownToken, in: vocabulary.path,
          "has no token \(id); ids go up to \(vocabulary.count - 1)")
      }
      text += bytes
    }
    return text
  }
}
