/// All numbers of the texts of a set, one by one and together.
public struct TextScores: Sendable {
  /// The texts.
  public let set: TextSet
  /// The numbers of each.
  public let figures: [TextFigures]
  /// How many prompts the texts follow.
  public let promptCount: Int
  /// For each text the place of its prompt among those of the set.
  private let clusters: [Int]
  /// Of all texts after each prompt, and of the whole set.
  private let distinct: (byPrompt: [DistinctNGrams], ofSet: DistinctNGrams)

  /// Puts the numbers of texts together.
  ///
  /// - Parameters:
  ///   - set: the texts.
  ///   - figures: the numbers of each.
  ///   - words: numbers of the words of each.
  init(_ set: TextSet, figures: [TextFigures], words: [[Int32]]) {
    precondition(set.texts.count == figures.count && set.texts.count == words.count)
    (self.set, self.figures) = (set, figures)
    var places: [Int: Int] = [:]
    clusters = set.texts.map { text in
      let place = places[text.group] ?? places.count
      places[text.group] = place
      return place
    }
    promptCount = places.count
    var (byPrompt, ofSet) = (
      Array(repeating: DistinctNGrams(), count: places.count), DistinctNGrams()
    )
    for (cluster, words) in zip(clusters, words) {
      byPrompt[cluster].add(words)
      ofSet.add(words)
    }
    distinct = (byPrompt, ofSet)
  }

  /// Puts numbers of texts together that were taken before.
  ///
  /// - Parameters:
  ///   - set: the texts.
  ///   - figures: the numbers of each.
  ///   - rule: what counts as a word.
  public init(_ set: TextSet, figures: [TextFigures], wordRule rule: WordRule) {
    var numbering = WordNumbering(rule)
    // Scorers count no words of texts of nothing but white space.
    let words = zip(set.texts, figures).map { $1.isEmpty ? [] : numbering.numbers(of: $0.text) }
    self.init(set, figures: figures, words: words)
  }

  /// Positions of texts that have nothing but white space, which take part in no number but this.
  public var emptyTexts: [Int] { figures.indices.filter { figures[$0].isEmpty } }

  /// How many texts take part in a mean.
  ///
  /// - Parameter quantity: what of.
  /// - Returns: the texts that have it; of distinct-n all that are not empty.
  public func textCount(_ quantity: TextQuantity) -> Int {
    switch quantity {
    case .corpusPerplexity, .nll: figures.count { $0.tokenCount > 0 }
    case _ where quantity.lengthByPrompt ?? quantity.lengthOfSet != nil:
      figures.count { !$0.isEmpty }
    default: figures.count { !$0.value(quantity).isNaN }
    }
  }

  /// A summary of the set, with its standard error over prompts.
  ///
  /// Means over texts are ratios of sums over prompts, as ``RatioEstimate`` takes them; prompts
  /// without a number are left out.
  ///
  /// - Parameter quantity: what of.
  /// - Returns: NaN if no text has it; an error of NaN for fewer than two prompts.
  public func estimate(_ quantity: TextQuantity) -> RatioEstimate {
    if let length = quantity.lengthOfSet {
      return RatioEstimate(value: distinct.ofSet.share(length), standardError: .nan)
    }
    if let length = quantity.lengthByPrompt {
      let shares = distinct.byPrompt.filter { $0.wordCount > 0 }.map { $0.share(length) }
      return RatioEstimate(sums: shares, counts: shares.map { _ in 1 })
    }
    switch quantity {
    case .nll:
      return RatioEstimate(value: loss.mean, standardError: loss.standardError)
    case .corpusPerplexity:
      return RatioEstimate(value: loss.perplexity, standardError: loss.perplexityError)
    default:
      return ratio(figures.map { $0.value(quantity) })
    }
  }

  /// The losses of the texts of each prompt, of those with a scored token.
  public var loss: CorpusLoss {
    var nats = [Double](repeating: 0, count: promptCount)
    var counts = [Int](repeating: 0, count: promptCount)
    for (cluster, figure) in zip(clusters, figures) where figure.tokenCount > 0 {
      nats[cluster] += figure.nats
      counts[cluster] += figure.tokenCount
    }
    let used = counts.indices.filter { counts[$0] > 0 }
    return CorpusLoss(nats: used.map { nats[$0] }, tokenCounts: used.map { counts[$0] })
  }

  /// The mean of numbers of texts, without those that are NaN.
  private func ratio(_ values: [Double]) -> RatioEstimate {
    var sums = [Double](repeating: 0, count: promptCount)
    var counts = [Int](repeating: 0, count: promptCount)
    for (cluster, value) in zip(clusters, values) where !value.isNaN {
      sums[cluster] += value
      counts[cluster] += 1
    }
    let used = counts.indices.filter { counts[$0] > 0 }
    return RatioEstimate(sums: used.map { sums[$0] }, counts: used.map { counts[$0] })
  }
}
