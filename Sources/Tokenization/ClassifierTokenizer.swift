/// Text as the ids that a classifier reads: special tokens around it, and no more than it holds.
///
/// A text that is too long loses its last tokens; the special one at the end stays, as with
/// `truncation=True` in `transformers`. Special tokens are never looked for in a text.
public struct ClassifierTokenizer: Sendable {
  /// How words become ids.
  private enum Words: Sendable {
    case byteLevel(ByteLevelTokenizer)
    case wordPiece(WordPieceTokenizer)
  }

  private let words: Words
  /// Ids before and after every text.
  private let frame: (before: [Int32], after: [Int32])
  /// The most ids of a text, special ones among them.
  public let longestInput: Int

  /// A tokenizer of RoBERTa: `<s> … </s>` around byte-level tokens.
  ///
  /// - Parameters:
  ///   - tokenizer: has the tokens.
  ///   - longestInput: the most ids of a text, at least 2.
  /// - Throws: ``TokenizationError`` if the vocabulary lacks `<s>` or `</s>`.
  public init(roberta tokenizer: ByteLevelTokenizer, longestInput: Int) throws {
    guard let marks = tokenizer.sequenceMarks else {
      throw TokenizationError(
        .unsupported, in: tokenizer.vocabulary.path, "has no <s> and </s>, which RoBERTa needs")
    }
    words = .byteLevel(tokenizer)
    frame = ([marks.start], [marks.end])
    self.longestInput = max(longestInput, 2)
  }

  /// A tokenizer of GPT-2: byte-level tokens with nothing around them.
  ///
  /// - Parameters:
  ///   - tokenizer: has the tokens.
  ///   - longestInput: the most ids of a text, at least 1.
  public init(gpt2 tokenizer: ByteLevelTokenizer, longestInput: Int) {
    words = .byteLevel(tokenizer)
    frame = ([], [])
    self.longestInput = max(longestInput, 1)
  }

  /// A tokenizer of BERT: `[CLS] … [SEP]` around pieces of words.
  ///
  /// - Parameters:
  ///   - tokenizer: has the tokens.
  ///   - longestInput: the most ids of a text, at least 2.
  /// - Throws: ``TokenizationError`` if the vocabulary lacks `[CLS]` or `[SEP]`.
  public init(bert tokenizer: WordPieceTokenizer, longestInput: Int) throws {
    words = .wordPiece(tokenizer)
    let marks = try tokenizer.sequenceMarks()
    frame = ([marks.start], [marks.end])
    self.longestInput = max(longestInput, 2)
  }

  /// How many tokens the vocabulary has; ids are below it.
  public var tokenCount: Int {
    switch words {
    case .byteLevel(let tokenizer): tokenizer.vocabulary.count
    case .wordPiece(let tokenizer): tokenizer.vocabulary.count
    }
  }

  /// The file that the tokens were read from.
  public var path: String {
    switch words {
    case .byteLevel(let tokenizer): tokenizer.vocabulary.path
    case .wordPiece(let tokenizer): tokenizer.vocabulary.path
    }
  }

  /// The ids of a text.
  ///
  /// - Parameter text: any bytes; BERT's reads those that are not UTF-8 as U+FFFD, which it drops.
  /// - Returns: at most ``longestInput`` ids; of an empty text the special ones alone, which are none
  ///   for GPT-2.
  public func ids(of text: [UInt8]) -> [Int32] {
    let found =
      switch words {
      case .byteLevel(let tokenizer): tokenizer.encode(text)
      case .wordPiece(let tokenizer): tokenizer.encode(text)
      }
    let room = longestInput - frame.before.count - frame.after.count
    return frame.before + found.prefix(room) + frame.after
  }
}
