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
    let parts = try self.parts()
    if let (bytes, path) = parts.configuration {
      try TokenizerConfiguration.check(bytes, path: path)
    }
    guard parts.files.count > 1 else {
      return try ByteLevelTokenizer(parsing: parts.files[0].bytes, path: parts.files[0].path)
    }
    return try ByteLevelTokenizer(
      vocabulary: parts.files[0], merges: parts.files[1], added: parts.files.dropFirst(2).first)
  }

  /// The files that ids depend on: a vocabulary with its merges, and `added_tokens.json` if it is
  /// there, or else `tokenizer.json`.
  ///
  /// - Returns: their bytes and paths.
  /// - Throws: `CheckpointError` if they are missing or cannot be read.
  func files() throws -> [(bytes: [UInt8], path: String)] { try parts().files }

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
