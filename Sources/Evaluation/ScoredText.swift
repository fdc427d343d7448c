import Tokenization

/// A text as tokens, cut into the windows through which models score it.
public struct ScoredText: Sendable {
  /// What to call it.
  public let name: String
  /// How many documents it has; those without a scored token count.
  public let documentCount: Int
  /// In the order of documents.
  public let windows: [TokenWindow]
  /// Scored tokens of each document.
  public let tokenCounts: [Int]

  /// Cuts documents into windows; see ``Tokenization/TokenWindows``.
  ///
  /// - Parameters:
  ///   - name: what to call the text.
  ///   - documents: tokens of each.
  ///   - context: the most tokens of a window, at least 2.
  ///   - stride: how far windows advance, from 1 to `context`; `nil` is `context`.
  ///   - bos: the token that goes before each document, so that its first one is scored too.
  ///   - prefixes: tokens that go before each document and are not scored, after `bos`; `nil` is
  ///     none.
  public init(
    _ name: String, documents: [[Int32]], context: Int, stride: Int? = nil, bos: Int32? = nil,
    prefixes: [[Int32]]? = nil
  ) {
    precondition(prefixes.map { $0.count == documents.count } ?? true)
    let windows = documents.enumerated().flatMap { document, ids in
      Array(
        TokenWindows(
          of: ids, document: document, context: context, stride: stride, bos: bos,
          prefix: prefixes?[document] ?? []))
    }
    self.init(name: name, documentCount: documents.count, windows: windows)
  }

  /// The first windows alone, as of a text of which the rest is not scored.
  ///
  /// - Parameter count: of windows; at most as many as there are count.
  /// - Returns: the text with the same documents.
  public func prefix(_ count: Int) -> ScoredText {
    ScoredText(name: name, documentCount: documentCount, windows: Array(windows.prefix(count)))
  }

  private init(name: String, documentCount: Int, windows: [TokenWindow]) {
    var counts = Array(repeating: 0, count: documentCount)
    for window in windows { counts[window.document] += window.scored.count }
    (self.name, self.windows) = (name, windows)
    (self.documentCount, tokenCounts) = (documentCount, counts)
  }

  /// Sums losses by document.
  ///
  /// - Parameter losses: negative log-likelihoods of each window's scored tokens, in nats.
  /// - Returns: one sum for each document, taken in binary64 in the order of tokens.
  public func loss(_ losses: [[Float]]) -> CorpusLoss {
    precondition(losses.count == windows.count)
    var nats = Array(repeating: 0.0, count: documentCount)
    for (window, values) in zip(windows, losses) {
      nats[window.document] = values.reduce(nats[window.document]) { $0 + Double($1) }
    }
    return CorpusLoss(nats: nats, tokenCounts: tokenCounts)
  }
}
