/// How positive a text is, from 0 to 1.
///
///     score = P(positive) + P(neutral) / 2
///
/// Without a neutral class it is P(positive).
///
/// Source: arXiv 2211.12092, equation 6.
public struct PositiveScore: Hashable, Sendable {
  /// Which label is which.
  public let roles: LabelRoles

  /// Finds the classes among labels.
  ///
  /// Labels are known by `negative`, `neutral` and `positive` in them, in any case. `LABEL_0`,
  /// `LABEL_1` and `LABEL_2` are negative, neutral and positive, as in
  /// cardiffnlp/twitter-roberta-base-sentiment; of two, `LABEL_1` is positive.
  ///
  /// - Parameters:
  ///   - labels: a classifier's, in the order of its numbers.
  ///   - override: names to read in place of the classifier's own, one for each.
  /// - Throws: ``LabelError`` if they do not tell which class is which.
  public init(labels: [String], override: [String]? = nil) throws {
    let plain = labels.count == 2 ? ["negative", "positive"] : ["negative", "neutral", "positive"]
    let names = plain.map { role in (role: role, matches: { (text: String) in text.contains(role) })
    }
    let own = override ?? (labels.areNumbered && labels.count <= 3 ? plain : nil)
    guard let roles = LabelRoles.find(names, labels: labels, override: own),
      roles["positive"] != nil, roles["negative"] != nil
    else {
      throw LabelError(
        labels: override ?? labels,
        detail: "expected two or three: negative, neutral if there are three, positive")
    }
    self.roles = roles
  }

  /// The score of one text.
  ///
  /// - Parameter probabilities: one for each label.
  /// - Returns: from 0 to 1.
  public func score(_ probabilities: [Double]) -> Double {
    let neutral = roles["neutral"].map { probabilities[$0] / 2 } ?? 0
    return (roles["positive"].map { probabilities[$0] } ?? 0) + neutral
  }
}

/// How likely a text is to be acceptable English, from 0 to 1.
///
///     score = P(acceptable)
///
/// Source: arXiv 2211.12092, section 3.2, which takes a classifier trained on CoLA.
public struct GrammarScore: Hashable, Sendable {
  /// Which label is which.
  public let roles: LabelRoles

  /// Finds the classes among two labels.
  ///
  /// The second part is known by `unacceptable`, `ungrammatical`, `incorrect` or 0, the first by
  /// `acceptable`, `grammatical`, `correct` or 1; of `LABEL_0` and `LABEL_1` the latter is
  /// acceptable, as in CoLA.
  ///
  /// - Parameters:
  ///   - labels: a classifier's, in the order of its numbers.
  ///   - override: names to read in place of the classifier's own, one for each.
  /// - Throws: ``LabelError`` if they do not tell which class is which.
  public init(labels: [String], override: [String]? = nil) throws {
    let plain = ["unacceptable", "acceptable"]
    let names = [
      (role: plain[0], matches: { (text: String) in GrammarScore.means(text, acceptable: false) }),
      (role: plain[1], matches: { (text: String) in GrammarScore.means(text, acceptable: true) }),
    ]
    let own = override ?? (labels.areNumbered && labels.count == 2 ? plain : nil)
    guard labels.count == 2,
      let roles = LabelRoles.find(names, labels: labels, override: own)
    else {
      throw LabelError(
        labels: override ?? labels, detail: "expected two: unacceptable and acceptable")
    }
    self.roles = roles
  }

  /// The score of one text.
  ///
  /// - Parameter probabilities: one for each label.
  /// - Returns: from 0 to 1.
  public func score(_ probabilities: [Double]) -> Double {
    roles["acceptable"].map { probabilities[$0] } ?? 0
  }

  private static func means(_ label: String, acceptable: Bool) -> Bool {
    let words = ["acceptable", "grammatical", "correct"]
    if label == (acceptable ? "1" : "0") { return true }
    guard words.contains(where: label.contains) else { return false }
    let isNegated = ["unaccept", "ungramm", "incorrect", "not"].contains(where: label.contains)
    return isNegated != acceptable
  }
}

extension [String] {
  /// Whether these are the names that classes without names have: `LABEL_0`, `LABEL_1` and so on.
  fileprivate var areNumbered: Bool { self == indices.map { "LABEL_\($0)" } }
}
