import LinearAlgebra
import Models

/// What a model is trained on: windows in an order of their own for each pass over it.
///
/// The windows of a run are numbered, and which tokens a number stands for depends on nothing else.
public protocol TrainingData: Sendable {
  /// Windows of one pass.
  var windowsPerPass: Int { get }
  /// How many tokens a window scores, unless it is the last of a text.
  var targetsPerWindow: Int { get }

  /// Windows by their numbers.
  ///
  /// - Parameter numbers: not negative.
  /// - Returns: the windows.
  /// - Complexity: O(windows of a pass) where a pass begins.
  mutating func windows(_ numbers: Range<Int>) -> [ScoredTokens]

  /// All windows, in the order of the text.
  func allWindows() -> [ScoredTokens]

  /// The same windows in other orders.
  ///
  /// - Parameter seed: of the orders.
  /// - Returns: the data, as if it had been made with that seed.
  func reordered(by seed: UInt64) -> any TrainingData
}

/// Sequences with their classes, in another order in each pass.
///
/// Sequences of a batch lie one behind another in memory, so that they need no padding, and batches are
/// random whatever their lengths.
public struct LabelledSequences: TrainingData {
  private let all: [ScoredTokens]
  private var seed: UInt64
  private var pass = -1
  private var order: [Int] = []

  /// Takes sequences.
  ///
  /// - Parameters:
  ///   - windows: as the model makes them of sequences and classes.
  ///   - seed: of the order.
  ///   - path: where they are from, for messages.
  /// - Throws: ``TrainingError`` if there are none.
  public init(_ windows: [ScoredTokens], seed: UInt64, path: String) throws {
    guard !windows.isEmpty else {
      throw TrainingError(.tooShort, in: path, "has no texts")
    }
    (all, self.seed) = (windows, seed)
  }

  /// How many sequences there are.
  public var windowsPerPass: Int { all.count }

  /// One class.
  public var targetsPerWindow: Int { 1 }

  /// Sequences by their numbers, which go on from one pass to the next.
  public mutating func windows(_ numbers: Range<Int>) -> [ScoredTokens] {
    numbers.map { number in
      let (pass, place) = number.quotientAndRemainder(dividingBy: windowsPerPass)
      if pass != self.pass { begin(pass) }
      return all[order[place]]
    }
  }

  /// All sequences, in the order they were given in.
  public func allWindows() -> [ScoredTokens] { all }

  /// The same sequences in other orders.
  public func reordered(by seed: UInt64) -> any TrainingData {
    var copy = self
    (copy.seed, copy.pass) = (seed, -1)
    return copy
  }

  private mutating func begin(_ pass: Int) {
    var random = RandomStream(seed: seed, stream: RandomPurpose.order.stream(pass))
    order = random.permutation(of: windowsPerPass)
    self.pass = pass
  }
}
