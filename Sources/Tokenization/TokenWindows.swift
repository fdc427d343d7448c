/// Part of a document that a model sees at once.
public struct TokenWindow: Hashable, Sendable {
  /// The number of the document, from 0.
  public let document: Int
  /// What the model sees, [positions].
  public let tokens: [Int32]
  /// The positions in `tokens` whose negative log-likelihood, given those before, counts. Never
  /// empty, and never with position 0, which has nothing before it.
  public let scored: Range<Int>

  /// Creates a window.
  ///
  /// - Parameters:
  ///   - document: the number of the document, from 0.
  ///   - tokens: what the model sees, [positions].
  ///   - scored: positions within `tokens`, at least one and never 0.
  public init(document: Int, tokens: [Int32], scored: Range<Int>) {
    precondition(!scored.isEmpty && scored.lowerBound > 0 && scored.upperBound <= tokens.count)
    (self.document, self.tokens, self.scored) = (document, tokens, scored)
  }
}

/// The windows through which every token of a document is scored once.
///
/// Window k begins at token k × stride and has `context` tokens, the last fewer. It scores those
/// that no window before it held: the first has all but position 0, the others their last
/// `stride`, with `context − stride` tokens before them at least. What nothing precedes is not
/// scored: a document's first token, unless it begins with a token of its own; and with a stride
/// as long as the context, each window's first.
///
/// Source: "Perplexity of fixed-length models" in the documentation of Hugging Face's
/// `transformers`, whose loop scores the same positions.
public struct TokenWindows: Sequence, IteratorProtocol, Sendable {
  private let ids: [Int32]
  private let document: Int
  private let context: Int
  private let stride: Int
  private var start = 0
  /// Where the window before ended: tokens from there on are not scored yet.
  private var done = 0
  /// How many tokens at the start only precede others.
  private let prefixCount: Int

  /// The windows of one document.
  ///
  /// - Parameters:
  ///   - ids: the document's tokens.
  ///   - document: its number.
  ///   - context: the most tokens of a window, at least 2.
  ///   - stride: how far windows advance, from 1 to `context`; `nil` is `context`.
  ///   - bos: the token that goes before the document and counts as one of it, so that the first is
  ///     scored too; GPT-2 has `<|endoftext|>`.
  ///   - prefix: tokens between `bos` and the document that models see and no window scores, such
  ///     as those of a prompt; they count as tokens of the document otherwise.
  public init(
    of ids: [Int32], document: Int = 0, context: Int, stride: Int? = nil, bos: Int32? = nil,
    prefix: [Int32] = []
  ) {
    precondition(context >= 2, "a window of one token scores none")
    self.ids = (bos.map { [$0] } ?? []) + prefix + ids
    prefixCount = prefix.isEmpty ? 0 : (bos == nil ? 0 : 1) + prefix.count
    (self.document, self.context, self.stride) = (document, context, stride ?? context)
    precondition((1...context).contains(self.stride), "strides over tokens leave them out")
  }

  /// The next window.
  ///
  /// - Returns: the window, or `nil` if all is scored.
  public mutating func next() -> TokenWindow? {
    while done < ids.count {
      let (first, end) = (start, Swift.min(start + context, ids.count))
      let least = Swift.max(done - first, prefixCount - first, 1)
      let scored = least..<Swift.max(end - first, least)
      (start, done) = (start + stride, end)
      guard scored.isEmpty else {
        return TokenWindow(document: document, tokens: Array(ids[first..<end]), scored: scored)
      }
    }
    return nil
  }
}
