import JSON

/// A byte-level byte-pair encoding learned from texts, and the files that hold it.
///
/// Ids 0 to 255 are the bytes in the order of the characters that stand for them, then come the
/// tokens that merges made, in their order, and last the special tokens, as in GPT-2.
public struct LearnedTokenizer: Sendable {
  /// The tokens that name no text, in the order of their ids; the first ends a text.
  public let specials: [String]
  private let tokens: [[UInt8]]
  private let merges: [TokenPair]

  /// Learns merges from counts of words.
  ///
  /// Each merge makes a token of the pair that occurs most often within words; of pairs that occur
  /// equally often, of that whose left token has the smallest id, then whose right token has. The
  /// result depends on the counts alone.
  ///
  /// - Parameters:
  ///   - words: how often each word occurs.
  ///   - vocabularySize: how many tokens there are to be, bytes and special tokens included. There
  ///     are fewer if pairs do not suffice.
  ///   - minimumFrequency: how often a pair must occur to be merged, at least 1.
  ///   - specials: the special tokens; see ``isPossibleSpecial(_:)``.
  /// - Precondition: the size is 256 and as many as there are special tokens, or more, and below
  ///   2^31.
  /// - Complexity: O(bytes of distinct words + Σ over merges of the lengths of the words that hold
  ///   the pair + pairs × log pairs).
  ///
  /// Source: Sennrich, Haddow & Birch 2016, "Neural Machine Translation of Rare Words with Subword
  /// Units", algorithm 1.
  public init(
    from words: WordCounts, vocabularySize: Int, minimumFrequency: Int, specials: [String]
  ) {
    precondition(vocabularySize >= 256 + specials.count && vocabularySize <= Int(Int32.max))
    var learner = MergeLearner(words)
    learner.run(
      tokenCount: vocabularySize - specials.count, minimum: max(minimumFrequency, 1))
    (self.specials, tokens, merges) = (specials, learner.tokens, learner.merges)
  }

  /// Whether a special token can have a name: text of which no merge can make a token, being more
  /// than one word.
  ///
  /// - Parameter name: such as `<|endoftext|>`.
  /// - Returns: whether words are cut within it.
  public static func isPossibleSpecial(_ name: String) -> Bool {
    TextEncoder.words(of: Array(name.utf8)).count > 1
  }

  /// How many tokens there are, bytes and special tokens included.
  public var vocabularySize: Int { tokens.count + specials.count }

  /// How many pairs are merged. Where two pairs make one token, both count.
  public var mergeCount: Int { merges.count }

  /// The tokens as files write them, in the order of their ids.
  private var texts: [String] { tokens.map { ByteAlphabet.text(of: $0) } + specials }

  /// The content of `vocab.json`: an object with a member for each token.
  public var vocabularyFile: String {
    jsonObject(texts.enumerated().map { ($1, "\($0)") }) + "\n"
  }

  /// The content of `merges.txt`: a version, and two tokens a line with a blank between them.
  public var mergesFile: String {
    let texts = texts
    let lines = merges.map { "\(texts[Int($0.left)]) \(texts[Int($0.right)])\n" }
    return "#version: 0.2\n" + lines.joined()
  }

  /// The content of `tokenizer_config.json`: a `GPT2Tokenizer` for which the first special token
  /// begins and ends texts, and stands for what is unknown; others are additional ones.
  public var configurationFile: String {
    let roles = specials.first.map { first in
      ["bos_token", "eos_token", "unk_token"].map { ($0, jsonString(first)) }
    }
    let others = specials.dropFirst().map(jsonString).joined(separator: ",")
    return jsonObject(
      [("tokenizer_class", jsonString("GPT2Tokenizer")), ("add_prefix_space", "false")]
        + (roles ?? [])
        + (others.isEmpty ? [] : [("additional_special_tokens", "[\(others)]")])) + "\n"
  }
}
