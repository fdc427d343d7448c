import JSON

/// What BERT's tokenizer does to text before it looks for words.
public struct WordPieceSettings: Hashable, Sendable {
  /// Whether letters become small.
  public var lowercases = true
  /// Whether accents go: characters lose their nonspacing marks.
  public var stripsAccents = true
  /// Whether every Chinese character is a word.
  public var separatesChinese = true

  /// The settings of bert-base-uncased.
  public init() {}

  /// Reads `tokenizer_config.json`, whose settings take precedence over those of `tokenizer.json`.
  ///
  /// Without a word on accents they go where letters become small.
  ///
  /// - Parameters:
  ///   - bytes: the content of the file.
  ///   - path: the file, for messages.
  /// - Throws: ``TokenizationError`` if it is no JSON object, names another class than BERT's, or
  ///   leaves out the cut into words.
  public mutating func read(_ bytes: [UInt8], path: String) throws {
    var flags: [String: Bool] = [:]
    try readJSON(bytes, path: path) { scanner in
      try scanner.object { scanner, member in
        let value = try scanner.valueText()
        if member == "tokenizer_class", !WordPieceSettings.classes.contains(value) {
          throw TokenizationError(
            .unsupported, in: path, "tokenizer_class \(value) does not cut words as BERT does")
        }
        flags[member] = Bool(value)
      }
    }
    if flags["do_basic_tokenize"] == false {
      throw TokenizationError(
        .unsupported, in: path, "has do_basic_tokenize off, which is not supported")
    }
    take(
      lowercase: flags["do_lower_case"], accents: flags["strip_accents"],
      chinese: flags["tokenize_chinese_chars"])
  }

  /// Takes what is set; accents go with large letters where nothing is said of them.
  mutating func take(lowercase: Bool?, accents: Bool?, chinese: Bool?) {
    if let lowercase { (lowercases, stripsAccents) = (lowercase, lowercase) }
    if let accents { stripsAccents = accents }
    if let chinese { separatesChinese = chinese }
  }

  private static let classes: Set<String> = [
    #""BertTokenizer""#, #""BertTokenizerFast""#, #""PreTrainedTokenizer""#,
    #""PreTrainedTokenizerFast""#, #""TokenizersBackend""#, "null",
  ]
}
