import ArgumentParser
import Checkpoints
import Glibc
import JSON
import Reports
import Tokenization

/// `transect tokenizer train`: a tokenizer learned from texts.
struct TokenizerTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Learn a byte-level byte-pair encoding from texts.",
    discussion: """
      Writes vocab.json, merges.txt and tokenizer_config.json, as GPT-2 has them, into a folder. \
      Ids are those of bytes, then of merges in their order, then of special tokens. Of pairs \
      that occur equally often, the one whose left token has the smallest id is merged first, \
      then whose right token has, as Hugging Face's tokenizers do. The order of texts changes \
      nothing.
      """)

  @Option(name: .customLong("text"), help: "A text file; - is standard input. Repeat for more.")
  var texts: [String]

  @OptionGroup var layout: TextOptions

  @Option(help: "How many tokens there are to be, bytes and special tokens included.")
  var vocabSize: Int

  @Option(help: "How often a pair must occur to be merged.")
  var minFrequency = 2

  @Option(help: "A special token; the first ends texts. Repeat for more.")
  var special = ["<|endoftext|>"]

  @Option(name: .shortAndLong, help: "The folder to write into.")
  var output: String

  @Flag(
    help: """
      Replace tokenizer files in a folder that exists, and remove those that readers would take \
      instead: tokenizer.json, added_tokens.json, special_tokens_map.json, encoder.json and \
      vocab.bpe. Its other files stay.
      """)
  var force = false

  @Flag(help: "Print a JSON line instead of text.")
  var json = false

  /// Files that readers would take before those written, or together with them.
  private static let superseded: Set<String> = [
    "tokenizer.json", "added_tokens.json", "special_tokens_map.json", "encoder.json", "vocab.bpe",
  ]

  func validate() throws {
    guard !texts.isEmpty else { throw ValidationError("name at least one file with --text") }
    guard !output.isEmpty, output != "-" else {
      throw ValidationError("a tokenizer is a folder of files; name one with --output")
    }
    guard (256 + special.count...Int(Int32.max)).contains(vocabSize) else {
      throw ValidationError(
        "--vocab-size must be at least \(256 + special.count), for 256 bytes and "
          + "\(special.count.counted("special token")), and below 2^31, not \(vocabSize)")
    }
    guard minFrequency >= 1 else { throw ValidationError("--min-frequency must be at least 1") }
    guard Set(special).count == special.count else {
      throw ValidationError("--special names one token twice")
    }
    if let name = special.first(where: { !LearnedTokenizer.isPossibleSpecial($0) }) {
      throw ValidationError(
        name.isEmpty
          ? "--special must not be empty"
          : "--special \(name) is one word, of which merges could make a token; add signs, as <\(name)>"
      )
    }
  }

  func run() throws {
    try checkOutput()
    let (words, documentCount) = try count()
    guard words.count > 0 else {
      throw TokenizationError(
        .malformed, in: texts.joined(separator: ", "), "no text to learn from")
    }
    let learned = LearnedTokenizer(
      from: words, vocabularySize: vocabSize, minimumFrequency: minFrequency, specials: special)
    let removed = (fileNames(in: output) ?? []).filter(TokenizerTrain.superseded.contains).sorted()
    try write(learned)
    try printLines(
      json
        ? [jsonLine(learned, words, documentCount)]
        : lines(learned, words, documentCount)
          + (removed.isEmpty ? [] : ["removed: \(removed.joined(separator: ", "))"]))
  }

  /// Refuses an output that exists before the work is done.
  private func checkOutput() throws {
    let isWithSlash = output.count > 1 && output.hasSuffix("/")
    try transect.checkOutput(isWithSlash ? String(output.dropLast()) : output, against: [])
    if let names = fileNames(in: output) {
      guard force || names.isEmpty else {
        throw OutputError(output, because: "exists; --force replaces its tokenizer files")
      }
    } else if access(output, F_OK) == 0 {
      throw OutputError(output, because: "is no folder")
    }
  }

  private func count() throws -> (words: WordCounts, documentCount: Int) {
    var (words, documentCount) = (WordCounts(), 0)
    for text in texts {
      var documents = try layout.documents(of: text)
      while let document = try documents.next() {
        words.add(document.text)
        documentCount += 1
      }
    }
    return (words, documentCount)
  }

  private func write(_ learned: LearnedTokenizer) throws {
    let folder = try AtomicFolder(output)
    let files = [
      ("vocab.json", learned.vocabularyFile), ("merges.txt", learned.mergesFile),
      ("tokenizer_config.json", learned.configurationFile),
    ]
    for (name, content) in files {
      try folder.fill { try writeAtomically(Array(content.utf8), to: $0 + "/" + name) }
    }
    try folder.commit(removing: TokenizerTrain.superseded.contains)
  }

  private func lines(
    _ learned: LearnedTokenizer, _ words: WordCounts, _ documentCount: Int
  ) -> [String] {
    let missing = vocabSize - learned.vocabularySize
    return [
      "\(documentCount.counted("document")), \(words.occurrenceCount.counted("word")), of which "
        + "\(words.count.grouped) distinct",
      "\(learned.vocabularySize.grouped) tokens: 256 bytes, \(learned.mergeCount.counted("merge")), "
        + "\(special.count) special",
    ]
      + (missing > 0
        ? [
          "\(missing.grouped) fewer than asked for: no other pair occurs"
            + (minFrequency == 1 ? "" : " \(minFrequency.grouped) times")
        ] : [])
  }

  private func jsonLine(
    _ learned: LearnedTokenizer, _ words: WordCounts, _ documentCount: Int
  ) -> String {
    jsonObject([
      ("documents", "\(documentCount)"), ("words", "\(words.occurrenceCount)"),
      ("distinct_words", "\(words.count)"), ("tokens", "\(learned.vocabularySize)"),
      ("merges", "\(learned.mergeCount)"), ("special_tokens", "\(special.count)"),
      ("tokens_missing", "\(vocabSize - learned.vocabularySize)"),
    ])
  }
}
