import JSON

/// A `tokenizer.json` whose tokenizer is BERT's.
///
/// Whatever would make other ids of a text is refused by name.
///
/// Source: the files that Hugging Face's `tokenizers` writes.
struct WordPieceFile {
  private(set) var entries: TokenEntries
  var settings = WordPieceSettings()
  private var types: [String: String] = [:]
  private let path: String

  init(parsing bytes: [UInt8], path: String) throws {
    (self.path, entries) = (path, TokenEntries(path: path))
    try readJSON(bytes, path: path) { scanner in
      try scanner.object { scanner, member in
        switch member {
        case "model": try readModel(&scanner)
        case "normalizer": try readNormalizer(&scanner)
        case "pre_tokenizer": try readType(&scanner, of: member)
        default: try scanner.skipValue()
        }
      }
    }
    let expected = [
      "model": "WordPiece", "normalizer": "BertNormalizer", "pre_tokenizer": "BertPreTokenizer",
    ]
    for (member, type) in expected.sorted(by: { $0.key < $1.key }) where types[member] != type {
      throw unsupported(
        "has a \(member) of type \(jsonString(types[member] ?? "")), expected \(type)")
    }
  }

  private mutating func readModel(_ scanner: inout JSONScanner) throws {
    let expected = [
      "unk_token": #""[UNK]""#, "continuing_subword_prefix": "\"##\"",
      "max_input_chars_per_word": "100",
    ]
    try scanner.object { scanner, member in
      switch member {
      case "type": types["model"] = try scanner.string()
      case "vocab": try entries.read(&scanner)
      default:
        let value = try scanner.valueText()
        guard let wanted = expected[member], wanted != value else { return }
        throw unsupported("has \(member) \(value), expected \(wanted)")
      }
    }
  }

  private mutating func readNormalizer(_ scanner: inout JSONScanner) throws {
    if scanner.null() { return }
    var flags: [String: Bool] = [:]
    try scanner.object { scanner, member in
      guard member == "type" else { return flags[member] = Bool(try scanner.valueText()) }
      types["normalizer"] = try scanner.string()
    }
    guard flags["clean_text"] != false else {
      throw unsupported("has clean_text off, which is not supported")
    }
    settings.take(
      lowercase: flags["lowercase"], accents: flags["strip_accents"],
      chinese: flags["handle_chinese_chars"])
  }

  private mutating func readType(_ scanner: inout JSONScanner, of part: String) throws {
    if scanner.null() { return }
    try scanner.object { scanner, member in
      guard member == "type" else { return try scanner.skipValue() }
      types[part] = try scanner.string()
    }
  }

  private func unsupported(_ detail: String) -> TokenizationError {
    TokenizationError(.unsupported, in: path, detail)
  }
}
