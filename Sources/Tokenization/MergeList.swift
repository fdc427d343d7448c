import JSON

/// The pairs that byte-pair encoding merges, the first first, with the places they came from.
struct MergeList {
  /// One pair, as the file writes its tokens, in one array: of two a long list would be twice as
  /// large.
  private struct Pair {
    let merged: [UInt8]
    let leftCount: Int

    init(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) {
      merged = Array(left) + right
      leftCount = left.count
    }

    var left: TokenText { TokenText(Array(merged[..<leftCount])) }
    var right: TokenText { TokenText(Array(merged[leftCount...])) }
  }

  let path: String
  private var pairs: [Pair] = []
  /// The line of the first pair, counted from 1, each other being on the next, or `nil` if they are
  /// on no lines of their own.
  private var firstLine: Int?

  /// Twice as many as any tokenizer has that was seen.
  private static let limit = 500_000

  /// Nothing merged yet.
  init(path: String) { self.path = path }

  /// Reads `merges.txt`: two tokens a line with one blank between them, after a first line that may
  /// give a version.
  ///
  /// Source: `vocab.bpe` of OpenAI's GPT-2, `merges.txt` of `transformers`.
  init(parsing bytes: [UInt8], path: String) throws {
    self.init(path: path)
    for (index, line) in ByteLines(bytes).enumerated() {
      if index == 0 && line.starts(with: "#version".utf8) { continue }
      firstLine = firstLine ?? index + 1
      try add(line, line: index + 1)
    }
  }

  /// Reads the `merges` of `tokenizer.json`: an array of texts `"a b"`, or of arrays `["a", "b"]`.
  mutating func read(_ scanner: inout JSONScanner) throws {
    try scanner.array { scanner in
      guard scanner.peek() == UInt8(ascii: "[") else {
        return try add(Array(try scanner.string().utf8)[...], line: nil)
      }
      var parts: [TokenText] = []
      try scanner.array { scanner in
        let part = TokenText(try scanner.string())
        if parts.count < 3 { parts.append(part) }
      }
      guard parts.count == 2 else {
        throw fault("a merge of \(parts.count > 2 ? "more" : "fewer") than 2 tokens", line: nil)
      }
      try append(Pair(parts[0].utf8, parts[1].utf8))
    }
  }

  private mutating func add(_ text: ArraySlice<UInt8>, line: Int?) throws {
    // Two parts at most are looked for: a line of blanks has as many as bytes.
    let parts = text.split(
      separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      let found = jsonString(String(decoding: text.prefix(80), as: UTF8.self))
      throw fault("expected two tokens with a blank between them, found \(found)", line: line)
    }
    try append(Pair(parts[0], parts[1]))
  }

  private mutating func append(_ pair: Pair) throws {
    guard pairs.count < MergeList.limit else {
      throw fault("has more than \(MergeList.limit) merges", line: nil)
    }
    pairs.append(pair)
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
      let merged = try id(TokenText(pair.merged))
      guard table.add(left, right, rank: rank, merged: merged) else {
        throw inconsistent(
          "repeats the merge of \(pair.left.quoted) and \(pair.right.quoted)", rank)
      }
    }
    return table
  }

  private func inconsistent(_ detail: String, _ rank: Int) -> TokenizationError {
    let line = firstLine.map { $0 + rank }
    return TokenizationError(
      .inconsistent, in: path, line: line, line == nil ? "merge \(rank) \(detail)" : detail)
  }
}
