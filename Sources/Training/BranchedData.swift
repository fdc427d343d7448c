import Models

/// Windows of one order up to some number, and of another order from there on.
///
/// Runs that differ in the second order alone take the same steps up to that number and others after
/// it. The pass that is under way there is cut: windows of it may come again, or not at all.
struct BranchedData: TrainingData {
  private var trunk: any TrainingData
  private var branch: any TrainingData
  private let start: Int

  /// Joins two orders.
  ///
  /// - Parameters:
  ///   - data: the windows, and the order they begin in.
  ///   - seed: of the other order.
  ///   - start: the first window in the other order, not negative.
  init(_ data: any TrainingData, reorderedBy seed: UInt64, from start: Int) {
    precondition(start >= 0)
    (trunk, branch, self.start) = (data, data.reordered(by: seed), start)
  }

  var windowsPerPass: Int { trunk.windowsPerPass }

  var targetsPerWindow: Int { trunk.targetsPerWindow }

  mutating func windows(_ numbers: Range<Int>) -> [ScoredTokens] {
    let place = min(max(start, numbers.lowerBound), numbers.upperBound)
    let (first, rest) = (numbers.lowerBound..<place, place..<numbers.upperBound)
    return (first.isEmpty ? [] : trunk.windows(first)) + (rest.isEmpty ? [] : branch.windows(rest))
  }

  func allWindows() -> [ScoredTokens] { trunk.allWindows() }

  func reordered(by seed: UInt64) -> any TrainingData { trunk.reordered(by: seed) }
}
