import JSON

/// What `tokenizer_config.json` says about how text becomes tokens.
///
/// `vocab.json` and `merges.txt` do not tell how words are cut: Qwen's and CLIP's files have the
/// same names. The class does.
///
/// Source: the files that `transformers` writes.
public enum TokenizerConfiguration {
  /// Tokenizers that cut words as GPT-2 does, and the class that says nothing.
  private static let sameRule: Set<String> = [
    "GPT2Tokenizer", "RobertaTokenizer", "BartTokenizer", "LongformerTokenizer", "LEDTokenizer",
    "BlenderbotTokenizer", "OPTTokenizer", "PreTrainedTokenizer", "TokenizersBackend",
  ]

  /// Checks that a configuration is of a tokenizer that gives the ids of GPT-2's rule.
  ///
  /// - Parameters:
  ///   - bytes: the content of the file.
  ///   - path: the file, for messages.
  /// - Throws: ``TokenizationError`` if it is no JSON object, names another class or puts a blank
  ///   before each text.
  public static func check(_ bytes: [UInt8], path: String) throws {
    try readJSON(bytes, path: path) { scanner in
      try scanner.object { scanner, member in
        let value = try scanner.valueText()
        if member == "add_prefix_space", value == "true" {
          throw TokenizationError(
            .unsupported, in: path, "has add_prefix_space, which is not supported")
        }
        if member == "tokenizer_class", value != "null", !isKnown(value) {
          throw TokenizationError(
            .unsupported, in: path, "tokenizer_class \(value) does not cut words as GPT-2 does")
        }
      }
    }
  }

  private static func isKnown(_ quoted: String) -> Bool {
    let name = String(quoted.dropFirst().dropLast())
    return sameRule.contains(name.hasSuffix("Fast") ? String(name.dropLast(4)) : name)
  }
}
