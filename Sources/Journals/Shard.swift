/// A part of a run's rows, which one process of several works on.
///
/// Rows lie one behind another, each as long as its work. A shard has those whose middle lies in its
/// part of the whole, so every row is in one shard, whatever their number, and neighbours, which
/// often share work, are in one.
public struct Shard: Hashable, Sendable, CustomStringConvertible {
  /// Which part it is, from 0.
  public let index: Int
  /// How many parts there are, at least 1.
  public let count: Int

  /// Names a part; `nil` if there is no such part.
  ///
  /// - Parameters:
  ///   - index: which, from 0.
  ///   - count: of how many, at most 1,000,000.
  public init?(index: Int, count: Int) {
    guard (1...1_000_000).contains(count), (0..<count).contains(index) else { return nil }
    (self.index, self.count) = (index, count)
  }

  /// Reads `k/n`, k from 1 to n; `nil` if it is no such text.
  ///
  /// - Parameter text: as written on a command line.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let count = parts[1], number > 0 else {
      return nil
    }
    self.init(index: number - 1, count: count)
  }

  /// `k/n`, k from 1.
  public var description: String { "\(index + 1)/\(count)" }

  /// Which rows are of this part.
  ///
  /// - Parameter work: of each row, not negative, in any unit; 0 counts as 1. The sum is below 2⁶⁰ /
  ///   ``count``.
  /// - Returns: positions, ascending.
  /// - Complexity: O(rows).
  public func rows(ofWork work: [Int]) -> [Int] {
    let total = work.reduce(0) { $0 + max($1, 1) }
    var before = 0
    return work.indices.filter { row in
      let middle = 2 * before + max(work[row], 1)
      before += max(work[row], 1)
      return middle * count / (2 * total) == index
    }
  }

  /// Which of equal rows are of this part.
  ///
  /// - Parameter rowCount: how many there are.
  /// - Returns: positions, ascending.
  public func rows(of rowCount: Int) -> [Int] {
    rows(ofWork: Array(repeating: 1, count: rowCount))
  }
}
