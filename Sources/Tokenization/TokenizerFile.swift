import JSON

/// A `tokenizer.json` whose tokenizer is GPT-2's, byte-level byte-pair encoding.
///
/// Whatever would make other ids of a text is refused by name: another model or normalizer, another
/// cut into words, byte fallback, affixes, dropout, `ignore_merges`.
///
/// Source: the files that Hugging Face's `tokenizers` writes.
struct TokenizerFile {
  private(set) var entries: TokenEntries
  private(set) var merges: MergeList
  private var added: [(text: String, id: Int)] = []
  private var hasWordRule = false
  private let path: String

  init(parsing bytes: [UInt8], path: String) throws {
    (self.path, entries, merges) = (path, TokenEntries(path: path), MergeList(path: path))
    try readJSON(bytes, path: path) { scanner in
      try scanner.object { scanner, member in
        switch member {
        case "model": try readModel(&scanner)
        case "added_tokens": try readAddedTokens(&scanner)
        case "pre_tokenizer": try readWordRule(&scanner)
        case "normalizer": try requireNull(&scanner, "a normalizer")
        default: try scanner.skipValue()
        }
      }
    }
    for (text, id) in added { try entries.add(text, id: id) }
    guard hasWordRule else { throw unsupported("has no pre_tokenizer of type ByteLevel") }
  }

  private mutating func readModel(_ scanner: inout JSONScanner) throws {
    var type: String?
    try scanner.object { scanner, member in
      switch member {
      case "type": type = try scanner.string()
      case "vocab": try entries.read(&scanner)
      case "merges": try merges.read(&scanner)
      case "byte_fallback", "ignore_merges", "dropout", "continuing_subword_prefix",
        "end_of_word_suffix":
        try requireOff(&scanner, member)
      default: try scanner.skipValue()
      }
    }
    guard type == "BPE" || type == nil else {
      throw unsupported("is of type \(jsonString(type ?? "")), expected BPE")
    }
  }

  private mutating func readAddedTokens(_ scanner: inout JSONScanner) throws {
    try scanner.array { scanner in
      var (text, id) = (String?.none, Int?.none)
      try scanner.object { scanner, member in
        switch member {
        case "content": text = try scanner.string()
        case "id": id = try scanner.count()
        default: try scanner.skipValue()
        }
      }
      guard let text, let id else { throw scanner.fault("an added token needs content and id") }
      added.append((text, id))
    }
  }

  private mutating func readWordRule(_ scanner: inout JSONScanner) throws {
    if scanner.null() { return }
    var type = ""
    try scanner.object { scanner, member in
      switch member {
      case "type": type = try scanner.string()
      case "add_prefix_space": try requireOff(&scanner, member)
      case "use_regex":
        guard try scanner.valueText() == "true" else { throw unsupported("has use_regex off") }
      default: try scanner.skipValue()
      }
    }
    guard type == "ByteLevel" else {
      throw unsupported("cuts words by pre_tokenizer \(jsonString(type)), expected ByteLevel")
    }
    hasWordRule = true
  }

  private func requireNull(_ scanner: inout JSONScanner, _ what: String) throws {
    guard scanner.null() else { throw unsupported("has \(what), which is not supported") }
  }

  private func requireOff(_ scanner: inout JSONScanner, _ member: String) throws {
    let value = try scanner.valueText()
    guard ["null", "false", "\"\"", "0", "0.0"].contains(value) else {
      throw unsupported("has \(member) \(value), which is not supported")
    }
  }

  private func unsupported(_ detail: String) -> TokenizationError {
    TokenizationError(.unsupported, in: path, detail)
  }
}
