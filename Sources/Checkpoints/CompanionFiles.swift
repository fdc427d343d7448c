import Glibc

/// Paths of the files beside a checkpoint that libraries need to use its weights: configuration
/// and tokenizer.
///
/// Source: the names that `transformers` gives them.
///
/// - Parameter checkpoint: one that was opened from a file.
/// - Returns: those that are there, in a fixed order.
public func companionFiles(of checkpoint: any Checkpoint) -> [String] {
  companionNames.map { sibling($0, of: checkpoint.modelPath) }.filter { access($0, R_OK) == 0 }
}

/// Paths of the files in a folder that make a tokenizer.
///
/// - Parameter folder: the folder.
/// - Returns: those that are there, in a fixed order.
public func tokenizerFiles(in folder: String) -> [String] {
  companionNames.filter { !$0.contains("config.json") || $0.hasPrefix("tokenizer") }
    .map { folder + "/" + $0 }.filter { access($0, R_OK) == 0 }
}

/// Reads a file that lies beside a checkpoint's.
///
/// - Parameters:
///   - name: the file's.
///   - checkpoint: one that was opened from a file.
///   - limit: the most bytes that make sense.
/// - Returns: its path and bytes, or `nil` if there is none.
/// - Throws: ``CheckpointError`` if the file is there and is larger, or cannot be read.
func companion(
  _ name: String, of checkpoint: any Checkpoint, limit: Int
) throws -> (path: String, bytes: [UInt8])? {
  let path = sibling(name, of: checkpoint.modelPath)
  guard let file = try? InputFile(path, mode: .pread) else { return nil }
  return try (path, file.content(limit: limit))
}

extension InputFile {
  /// All bytes of a file that is small if it is what it should be.
  ///
  /// - Parameter limit: the most bytes that make sense.
  /// - Returns: the bytes.
  /// - Throws: ``CheckpointError`` if the file is larger, or cannot be read.
  public func content(limit: Int) throws -> [UInt8] {
    guard byteCount <= limit else {
      throw CheckpointError(
        .malformed, in: path, "\(byteCount) bytes are more than the \(limit) that make sense")
    }
    return try copy(0..<byteCount)
  }
}

private let companionNames = [
  "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
  "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt",
  "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "chat_template.jinja",
]
