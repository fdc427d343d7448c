/// When the agreement of two task vectors is worth a warning.
///
/// Changes that have nothing to do with each other have a cosine of 0 and opposite signs in half of the
/// weights, and a mixture keeps of each what its coefficient says: that is no fault. A warning says
/// that the two work against each other. For changes that are jointly normal, P(opposite signs) =
/// arccos(cosine) / π, so 55 % goes with a cosine of −0.16, at which the mean of two changes of one
/// length is 0.65 of it, where unrelated ones leave 0.71 and equal ones all. Either of the two suffices, as
/// few large changes show in the cosine and many small ones in the signs. Chance alone does not lead
/// there: with n weights the share is 50 % ± 50 % / √n.
///
/// Source: Sheppard 1899, "On the application of the theory of error to cases of normal distribution
/// and normal correlation", for the probability.
extension TaskVectorAgreement {
  private static let largestShare = 0.55
  private static let leastCosine = -0.16

  /// The line of a check.
  var line: CheckLine {
    if let (level, text) = unusable { return CheckLine(level, "task vectors", text) }
    let agreement =
      "cosine \(cosine.threeDigits), opposite signs in \(conflictShare.percent) of "
      + "\(moved) weights that both moved"
    return doubt.map { CheckLine(.warning, "task vectors", agreement + $0) }
      ?? CheckLine(.ok, "task vectors", agreement)
  }

  /// Where there is nothing to say about agreement, why.
  private var unusable: (CheckLine.Level, String)? {
    if compared == 0 { return (.warning, "the base has none of their parameters") }
    guard !isUnmoved.a, !isUnmoved.b else {
      let names = [isUnmoved.a ? "A" : nil, isUnmoved.b ? "B" : nil].compactMap { $0 }
      return (.warning, "\(names.joined(separator: " and ")) has the values of the base")
    }
    guard cosine.isFinite else { return (.warning, "not compared: values are not finite") }
    return moved == 0 ? (.ok, "no weight was moved by both") : nil
  }

  /// What a reader should know before making anything of the agreement.
  private var doubt: String? {
    let lengths = relativeLengths
    if max(lengths.a, lengths.b) > 1 {
      return
        ", but A is \(lengths.a.threeDigits) and B \(lengths.b.threeDigits) of the base's length "
        + "away from it, far for fine-tunes of it"
    }
    let opposes =
      conflictShare > TaskVectorAgreement.largestShare || cosine < TaskVectorAgreement.leastCosine
    return opposes ? ": a mixture cancels part of what they learned" : nil
  }
}

extension Double {
  /// The number with three decimal places.
  fileprivate var threeDigits: String { String((self * 1000).rounded() / 1000 + 0) }
  /// The number as a percentage with one decimal place.
  fileprivate var percent: String { "\((self * 1000).rounded() / 10) %" }
}
