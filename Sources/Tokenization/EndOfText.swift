import JSON

/// What files beside a tokenizer say of the token that ends a text.
///
/// Source: the files that `transformers` writes.
public enum EndOfText {
  /// The member `eos_token` of `tokenizer_config.json` or `special_tokens_map.json`.
  ///
  /// - Parameters:
  ///   - bytes: the content of the file.
  ///   - path: the file, for messages.
  /// - Returns: the token's text, given as such or as the `content` of an object; `nil` if the
  ///   member is missing or null.
  /// - Throws: ``TokenizationError`` if the file is no JSON object, or the member something else.
  public static func token(in bytes: [UInt8], path: String) throws -> String? {
    try member("eos_token", of: bytes, path: path, text(_:))
  }

  /// The member `eos_token_id` of `config.json`: at any of them `transformers` ends a text.
  ///
  /// - Parameters:
  ///   - bytes: the content of the file.
  ///   - path: the file, for messages.
  /// - Returns: one id, or those of a list; none if the member is missing or null. Negative ones,
  ///   which no token has, are left out.
  /// - Throws: ``TokenizationError`` if the file is no JSON object, or the member something else.
  public static func ids(inModelConfiguration bytes: [UInt8], path: String) throws -> [Int32] {
    let ids = try member("eos_token_id", of: bytes, path: path) { scanner in
      guard scanner.peek() == UInt8(ascii: "[") else { return [try id(&scanner)] }
      var ids: [Int32] = []
      try scanner.array { ids.append(try id(&$0)) }
      return ids
    }
    return (ids ?? []).filter { $0 >= 0 }
  }

  private static func member<Value>(
    _ name: String, of bytes: [UInt8], path: String, _ read: (inout JSONScanner) throws -> Value?
  ) throws -> Value? {
    var value: Value?
    try readJSON(bytes, path: path) { scanner in
      try scanner.object { scanner, member in
        guard member == name else { return try scanner.skipValue() }
        value = scanner.null() ? nil : try read(&scanner)
      }
    }
    return value
  }

  private static func text(_ scanner: inout JSONScanner) throws -> String? {
    if scanner.peek() == UInt8(ascii: "\"") { return try scanner.string() }
    var content: String?
    try scanner.object { scanner, member in
      guard member == "content" else { return try scanner.skipValue() }
      content = try scanner.string()
    }
    return content
  }

  private static func id(_ scanner: inout JSONScanner) throws -> Int32 {
    let text = try scanner.valueText()
    guard let id = Int32(text) else {
      throw scanner.fault("eos_token_id holds \(text), which is no id of a token")
    }
    return id
  }
}
