import JSON

/// The tokens of a model: ids from 0 without a gap, and the bytes that each stands for.
///
/// Tokens are told apart by the bytes of the text by which the file writes them (`Ġthe` for
/// ` the`): two that look alike are two.
public struct Vocabulary: Sendable {
  /// The file it was read from.
  public let path: String
  private let ids: [TokenText: Int32]
  /// The bytes of all tokens, one after the other, and where each ends.
  private let bytes: [UInt8]
  private let ends: [Int]

  /// Reads `vocab.json`: an object with a member for each token, whose value is its id.
  ///
  /// - Parameters:
  ///   - bytes: the content of the file.
  ///   - path: the file, for messages.
  ///   - added: such an object of tokens that were added later, `added_tokens.json`; it may repeat
  ///     tokens with their ids.
  /// - Throws: ``TokenizationError`` if one is no such object, if a token or an id appears twice,
  ///   or if ids have gaps.
  ///
  /// Source: `encoder.json` of OpenAI's GPT-2, `vocab.json` of `transformers`.
  public init(
    parsing bytes: [UInt8], path: String, added: (bytes: [UInt8], path: String)? = nil
  ) throws {
    var entries = TokenEntries(path: path)
    try readJSON(bytes, path: path) { try entries.read(&$0) }
    if let added {
      try readJSON(added.bytes, path: added.path) { scanner in
        try scanner.object { try entries.add($1, id: $0.count()) }
      }
    }
    try self.init(entries)
  }

  init(_ entries: TokenEntries) throws {
    path = entries.path
    let texts = try entries.textsInOrder()
    var (bytes, ends) = ([UInt8](), [Int]())
    for text in texts {
      bytes += ByteAlphabet.bytes(of: text)
      ends.append(bytes.count)
    }
    (ids, self.bytes, self.ends) = (entries.ids, bytes, ends)
  }

  /// How many tokens there are; ids are below it.
  public var count: Int { ends.count }

  /// The id of a token.
  ///
  /// - Parameter text: as the file writes it, such as `Ġthe` or `<s>`.
  /// - Returns: the id, or `nil` if there is no such token.
  public func id(of text: String) -> Int32? { ids[TokenText(text)] }

  /// The bytes that a token stands for.
  ///
  /// - Parameter id: the token's.
  /// - Returns: the bytes, which need not be valid UTF-8; `nil` if there is no such id.
  public func bytes(of id: Int32) -> ArraySlice<UInt8>? {
    let index = Int(id)
    guard ends.indices.contains(index) else { return nil }
    return bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
  }

  func id(of text: TokenText) -> Int32? { ids[text] }
}

/// A token's text, equal to another if its UTF-8 is.
struct TokenText: Hashable {
  let utf8: [UInt8]

  init(_ text: String) { utf8 = Array(text.utf8) }

  init(_ utf8: [UInt8]) { self.utf8 = utf8 }

  func hash(into hasher: inout Hasher) {
    utf8.withUnsafeBytes { hasher.combine(bytes: $0) }
  }

  /// Between quotation marks, for messages.
  var quoted: String { jsonString(String(decoding: utf8, as: UTF8.self)) }
}

/// Tokens with their ids, as they are read, each once.
struct TokenEntries {
  let path: String
  private(set) var ids: [TokenText: Int32] = [:]
  private var texts: [(id: Int32, text: String)] = []

  /// More than any model has that was seen.
  private static let limit = 350_000

  init(path: String) { self.path = path }

  /// Reads an object of tokens and ids.
  mutating func read(_ scanner: inout JSONScanner) throws {
    try scanner.object { scanner, text in
      let id = try scanner.count()
      let token = TokenText(text)
      guard ids[token] == nil else { throw inconsistent("token \(token.quoted) appears twice") }
      try add(token, text, id: id)
    }
  }

  /// Adds a token that may be there already with the same id.
  mutating func add(_ text: String, id: Int) throws {
    let token = TokenText(text)
    guard let known = ids[token] else { return try add(token, text, id: id) }
    guard known == id else {
      throw inconsistent("token \(token.quoted) has the ids \(known) and \(id)")
    }
  }

  private mutating func add(_ token: TokenText, _ text: String, id: Int) throws {
    guard let number = Int32(exactly: id) else {
      throw inconsistent("token \(token.quoted) has the id \(id), which is not below 2^31")
    }
    guard texts.count < TokenEntries.limit else {
      throw inconsistent("has more than \(TokenEntries.limit) tokens")
    }
    ids[token] = number
    texts.append((number, text))
  }

  /// The texts of ids 0, 1, 2 and so on.
  func textsInOrder() throws -> [String] {
    guard !texts.isEmpty else { throw inconsistent("holds no tokens") }
    let sorted = texts.sorted { $0.id < $1.id }
    for (expected, entry) in sorted.enumerated() where entry.id != expected {
      guard entry.id > expected else {
        let (first, second) = (TokenText(sorted[expected - 1].text), TokenText(entry.text))
        throw inconsistent("tokens \(first.quoted) and \(second.quoted) have one id, \(entry.id)")
      }
      throw inconsistent(
        "no token has the id \(expected), though ids go up to \(sorted.last?.id ?? 0)")
    }
    return sorted.map(\.text)
  }

  private func inconsistent(_ detail: String) -> TokenizationError {
    TokenizationError(.inconsistent, in: path, detail)
  }
}
