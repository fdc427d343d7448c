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

private let companionNames = [
  "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
  "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt",
  "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "chat_template.jinja",
]
