import Glibc

/// Paths of the files beside a checkpoint that libraries need to use its weights: configuration
/// and tokenizer.
///
/// Source: the names that `transformers` gives them.
///
/// - Parameter checkpoint: one that was opened from a file.
/// - Returns: those that are there, in a fixed order.
public func companionFiles(of checkpoint: any Checkpoint) -> [String] {
  let folder = checkpoint.path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
  return companionNames.map { (folder + [Substring($0)]).joined(separator: "/") }
    .filter { access($0, R_OK) == 0 }
}

/// A file beside a checkpoint, whole; `nil` if there is none.
///
/// - Parameters:
///   - name: the file's name.
///   - checkpoint: one that was opened from a file.
///   - limit: the most bytes it may have.
/// - Returns: its path and content.
/// - Throws: ``CheckpointError`` if it is longer, or cannot be read to its end.
func companionFile(
  _ name: String, of checkpoint: any Checkpoint, limit: Int
) throws -> (path: String, bytes: [UInt8])? {
  let folder = checkpoint.path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
  let path = (folder + [Substring(name)]).joined(separator: "/")
  guard let file = try? InputFile(path, mode: .pread) else { return nil }
  guard file.byteCount <= limit else {
    throw CheckpointError(
      .malformed, in: path, "\(file.byteCount) bytes are too many for a \(name)")
  }
  return (path, try file.copy(0..<file.byteCount))
}

private let companionNames = [
  "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
  "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt",
  "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "chat_template.jinja",
]
