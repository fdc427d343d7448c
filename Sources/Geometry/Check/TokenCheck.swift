import Checkpoints
import Tensors

/// Whether the tokenizers beside two checkpoints agree.
struct TokenCheck {
  private let a: ParameterList
  private let b: ParameterList

  init(_ a: ParameterList, _ b: ParameterList) { (self.a, self.b) = (a, b) }

  /// The line for the tokens.
  func line() -> CheckLine {
    do {
      let (mine, theirs) = try (TokenTable(beside: a.checkpoint), TokenTable(beside: b.checkpoint))
      guard let mine, let theirs else {
        let place = place(whereMissing: mine == nil, theirs == nil)
        return CheckLine(.warning, "tokens", "not compared: no vocabulary beside \(place)")
      }
      return TokenCheck.line(mine, theirs)
    } catch { return CheckLine(.warning, "tokens", "not compared: \(error)") }
  }

  private static func line(_ mine: TokenTable, _ theirs: TokenTable) -> CheckLine {
    let moved = mine.numbers.filter { token, number in
      theirs.numbers[token].map { $0 != number } ?? false
    }
    if let first = moved.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) {
      return CheckLine(
        .failure, "tokens",
        "\(moved.count) of \(mine.numbers.count) have other numbers, such as '\(first.key)': "
          + "\(first.value) against \(theirs.numbers[first.key] ?? 0)")
    }
    let alone = mine.numbers.keys.count { theirs.numbers[$0] == nil }
    let added = theirs.numbers.keys.count { mine.numbers[$0] == nil }
    guard alone + added == 0 else {
      return CheckLine(
        .warning, "tokens",
        "\(alone) only in A, \(added) only in B; the \(mine.numbers.count - alone) others have the "
          + "same numbers")
    }
    if let merges = mine.merges, let others = theirs.merges, merges != others {
      return CheckLine(
        .warning, "tokens", "the same numbers in both, but merges.txt splits words otherwise")
    }
    return CheckLine(.ok, "tokens", "\(mine.numbers.count) have the same numbers in both")
  }
}
