import ArgumentParser

/// `transect tokenizer`: text to token ids and back, and learning how.
struct Tokenizer: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn text into the token ids of a model, and back; learn tokens from texts.",
    discussion: """
      MODEL is a folder with vocab.json and merges.txt, encoder.json and vocab.bpe, or \
      tokenizer.json; a file in such a folder; or a model id in the local Hugging Face cache. \
      Tokenizers are those of GPT-2 and its relatives, RoBERTa among them: byte-level byte-pair \
      encoding.
      """,
    subcommands: [TokenizerEncode.self, TokenizerDecode.self, TokenizerTrain.self])
}
