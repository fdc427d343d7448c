import JSON

/// The pairs that byte-pair encoding merges, the first first, with the places they came from.
struct MergeList {
  /// One pair, as the file writes its tokens.
  struct Pair {
    let left: TokenText
    let right: TokenText
    /// The line it is on, counted from 1, or `nil` if the file has none.
    let line: Int?
  }

  let path: String
  private(set) var pairs: [Pair] = []

  /// Nothing merged yet.
  init(path: String) { self.path = path }

  /// Reads `merges.txt`: two tokens a line with one blank between them, after a first line that may
  /// give a version.
  ///
  /// Source: `vocab.bpe` of OpenAI's GPT-2, `merges.txt` of `transformers`.
  init(parsing bytes: [UInt8], path: String) throws {
    self.init(path: path)
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if index == 0 && text.starts(with: "#version".utf8) { continue }
      if text.isEmpty && index == lines.count - 1 { continue }
      try add(text, line: index + 1)
    }
  }

  /// Reads the `merges` of `tokenizer.json`: an array of texts `"a b"`, or of arrays `["a", "b"]`.
  mutating func read(_ scanner: inout JSONScanner) throws {
    try scanner.array { scanner in
      guard scanner.peek() == UInt8(ascii: "[") else {
        return try add(Array(try scanner.string().utf8)[...], line: nil)
      }
      var parts: [TokenText] = []
      try scanner.array { parts.append(TokenText(try $0.string())) }
      guard parts.count == 2 else {
        throw fault("a merge of \(parts.count) tokens instead of 2", line: nil)
      }
      pairs.append(Pair(left: parts[0], right: parts[1], line: nil))
    }
  }

  private mutating func add(_ text: ArraySlice<UInt8>, line: Int?) throws {
    let parts = text.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      let found = jsonString(String(decoding: text.prefix(80), as: UTF8.self))
      throw fault("expected two tokens with a blank between them, found \(found)", line: line)
    }
    pairs.append(
      Pair(left: TokenText(Array(parts[0])), right: TokenText(Array(parts[1])), line: line))
  }

  private func fault(_ detail: String, line: Int?) -> TokenizationError {
    TokenizationError(.malformed, in: path, line: line, detail)
  }

  /// The table of the pairs' ids.
  ///
  /// - Throws: ``TokenizationError`` if a token of a merge, or what it makes, is not in the
  ///   vocabulary, or if a pair appears twice.
  func table(of vocabulary: Vocabulary) throws -> MergeTable {
    var table = MergeTable(capacity: pairs.count)
    for (rank, pair) in pairs.enumerated() {
      let id = { (token: TokenText) throws -> Int32 in
        if let id = vocabulary.id(of: token) { return id }
        throw inconsistent("names token \(token.quoted), which \(vocabulary.path) lacks", rank)
      }
      let (left, right) = (try id(pair.left), try id(pair.right))
      let merged = try id(TokenText(pair.left.utf8 + pair.right.utf8))
      guard table.add(left, right, rank: rank, merged: merged) else {
        throw inconsistent(
          "repeats the merge of \(pair.left.quoted) and \(pair.right.quoted)", rank)
      }
    }
    return table
  }

  private func inconsistent(_ detail: String, _ rank: Int) -> TokenizationError {
    let line = pairs[rank].line
    return TokenizationError(
      .inconsistent, in: path, line: line, line == nil ? "merge \(rank) \(detail)" : detail)
  }
}
