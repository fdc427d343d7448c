import Checkpoints
import Glibc
import Models
import Tokenization

/// The tokenizer files of a model's folder.
struct TokenizerFolder {
  private let path: String

  private static let byteLimit = 1 << 25
  private static let vocabularies = ["vocab.json", "encoder.json"]
  private static let mergeLists = ["merges.txt", "vocab.bpe"]

  /// The folder that an argument names; see `modelFolder`.
  ///
  /// - Throws: `CheckpointError` if there is none.
  init(_ argument: String) throws { path = try modelFolder(argument) }

  /// Reads the tokenizer: a vocabulary with its merges, or else `tokenizer.json`; and which token ends
  /// a text, by the first of `tokenizer_config.json`, `special_tokens_map.json` and `config.json` that
  /// tells one of the vocabulary.
  ///
  /// - Throws: `CheckpointError` if the files are missing or cannot be read, `TokenizationError` if
  ///   they are no byte-level byte-pair encoding by GPT-2's rule.
  func tokenizer() throws -> ByteLevelTokenizer {
    let parts = try self.parts()
    if let (bytes, path) = parts.configuration {
      try TokenizerConfiguration.check(bytes, path: path)
    }
    let found = try bytePairs(parts.files)
    let vocabulary = found.vocabulary
    let named = try endMarks().lazy.compactMap { vocabulary.id(of: $0.token) }.first
    let end = try named ?? modelEndMarks().first { vocabulary.bytes(of: $0) != nil }
    return end.map(found.ending) ?? found
  }

  /// The tokens at which the model beside ends a text, by `eos_token_id` of its `config.json`.
  ///
  /// - Returns: ids; none if there is no such file or member.
  /// - Throws: `CheckpointError` or `TokenizationError` if the file cannot be read.
  func modelEndMarks() throws -> [Int32] {
    try first(["config.json"]).map {
      try EndOfText.ids(inModelConfiguration: $0.bytes, path: $0.path)
    } ?? []
  }

  /// Files that name a token which ends a text, and the token, as far as they are there.
  private func endMarks() throws -> [(file: File, token: String)] {
    try ["tokenizer_config.json", "special_tokens_map.json"].compactMap { name in
      guard let file = try first([name]) else { return nil }
      return try EndOfText.token(in: file.bytes, path: file.path).map { (file, $0) }
    }
  }

  private func bytePairs(_ files: [File]) throws -> ByteLevelTokenizer {
    guard files.count > 1 else {
      return try ByteLevelTokenizer(parsing: files[0].bytes, path: files[0].path)
    }
    return try ByteLevelTokenizer(
      vocabulary: files[0], merges: files[1], added: files.dropFirst(2).first)
  }

  /// The files that ids depend on: a vocabulary with its merges, and `added_tokens.json` if it is
  /// there, or else `tokenizer.json`; then those that name the token which ends a text.
  ///
  /// - Returns: their bytes and paths.
  /// - Throws: `CheckpointError` if they are missing or cannot be read.
  func files() throws -> [(bytes: [UInt8], path: String)] {
    try parts().files + endMarks().map(\.file)
  }

  /// Reads the tokenizer of a classifier.
  ///
  /// - Parameters:
  ///   - family: what kind of model it is.
  ///   - longestInput: the most ids of a text.
  /// - Returns: the tokenizer.
  /// - Throws: `CheckpointError` if files are missing or cannot be read, `TokenizationError` if they
  ///   are of another kind.
  func classifierTokenizer(
    of family: ClassifierFamily, longestInput: Int
  ) throws -> ClassifierTokenizer {
    switch family {
    case .roberta: try ClassifierTokenizer(roberta: tokenizer(), longestInput: longestInput)
    case .gpt2: try ClassifierTokenizer(gpt2: tokenizer(), longestInput: longestInput)
    case .bert: try ClassifierTokenizer(bert: wordPieces(), longestInput: longestInput)
    }
  }

  /// The files that a classifier's ids depend on.
  ///
  /// - Parameter family: what kind of model it is.
  /// - Returns: their bytes and paths.
  /// - Throws: `CheckpointError` if they are missing or cannot be read.
  func files(of family: ClassifierFamily) throws -> [(bytes: [UInt8], path: String)] {
    guard family == .bert else { return try files() }
    return try [wordPieceVocabulary(), first(["tokenizer_config.json"])].compactMap { $0 }
  }

  /// Reads `vocab.txt`, or else `tokenizer.json`.
  private func wordPieces() throws -> WordPieceTokenizer {
    let configuration = try first(["tokenizer_config.json"])
    let (bytes, path) = try wordPieceVocabulary()
    if path.hasSuffix(".json") {
      return try WordPieceTokenizer(parsing: bytes, path: path, configuration: configuration)
    }
    var settings = WordPieceSettings()
    if let (bytes, path) = configuration { try settings.read(bytes, path: path) }
    return try WordPieceTokenizer(vocabulary: bytes, path: path, settings: settings)
  }

  private func wordPieceVocabulary() throws -> File {
    guard let file = try first(["vocab.txt", "tokenizer.json"]) else {
      throw CheckpointError(
        .unreadable, in: path, "holds no BERT tokenizer: vocab.txt or tokenizer.json")
    }
    return file
  }

  private typealias File = (bytes: [UInt8], path: String)

  private func parts() throws -> (configuration: File?, files: [File]) {
    let configuration = try first(["tokenizer_config.json"])
    if let vocabulary = try first(TokenizerFolder.vocabularies),
      let merges = try first(TokenizerFolder.mergeLists)
    {
      let added = try first(["added_tokens.json"])
      return (configuration, [vocabulary, merges] + (added.map { [$0] } ?? []))
    }
    guard let file = try first(["tokenizer.json"]) else {
      throw CheckpointError(
        .unreadable, in: path,
        "holds no GPT-2 tokenizer: vocab.json and merges.txt, encoder.json and vocab.bpe, or "
          + "tokenizer.json")
    }
    return (configuration, [file])
  }

  /// The first of some files that is there.
  private func first(_ names: [String]) throws -> (bytes: [UInt8], path: String)? {
    let paths = names.map { path + (path.hasSuffix("/") ? "" : "/") + $0 }
    guard let found = paths.first(where: { access($0, F_OK) == 0 }) else { return nil }
    let file = try InputFile(found, mode: .pread)
    return (try file.content(limit: TokenizerFolder.byteLimit), found)
  }
}
