import Checkpoints
import Glibc
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

  /// Reads the tokenizer: a vocabulary with its merges, or else `tokenizer.json`.
  ///
  /// - Throws: `CheckpointError` if the files are missing or cannot be read, `TokenizationError` if
  ///   they are no byte-level byte-pair encoding by GPT-2's rule.
  func tokenizer() throws -> ByteLevelTokenizer {
    if let (bytes, path) = try first(["tokenizer_config.json"]) {
      try TokenizerConfiguration.check(bytes, path: path)
    }
    if let vocabulary = try first(TokenizerFolder.vocabularies),
      let merges = try first(TokenizerFolder.mergeLists)
    {
      return try ByteLevelTokenizer(vocabulary: vocabulary, merges: merges)
    }
    guard let (bytes, path) = try first(["tokenizer.json"]) else {
      throw CheckpointError(
        .unreadable, in: path,
        "holds no GPT-2 tokenizer: vocab.json and merges.txt, encoder.json and vocab.bpe, or "
          + "tokenizer.json")
    }
    return try ByteLevelTokenizer(parsing: bytes, path: path)
  }

  /// The first of some files that is there.
  private func first(_ names: [String]) throws -> (bytes: [UInt8], path: String)? {
    let paths = names.map { path + (path.hasSuffix("/") ? "" : "/") + $0 }
    guard let found = paths.first(where: { access($0, F_OK) == 0 }) else { return nil }
    let file = try InputFile(found, mode: .pread)
    return (try file.content(limit: TokenizerFolder.byteLimit), found)
  }
}
