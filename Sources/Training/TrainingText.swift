import LinearAlgebra
import Models

/// A text to train on: documents one after another, cut into windows in an order of their own for
/// each pass over it.
///
/// Pass e begins at a place of its own within the first window's length, as far as the tokens that are
/// left over allow, cuts the rest into windows one after another, and takes them in an order that the
/// seed and e give. So the windows of a run are numbered, and which tokens a number stands for depends
/// on text, length and seed alone.
public struct TrainingText: TrainingData {
  /// Tokens that a window predicts.
  public let length: Int
  /// All tokens.
  public let tokens: [Int32]
  private var seed: UInt64
  private var pass = -1
  private var order: [Int] = []
  private var start = 0

  /// Joins documents.
  ///
  /// - Parameters:
  ///   - documents: tokens of each.
  ///   - endOfText: the token that follows each document, if there is one.
  ///   - length: tokens that a window predicts, at least 1; it has one more, the first.
  ///   - seed: of the order.
  ///   - path: the text, for messages.
  /// - Throws: ``TrainingError`` if there are fewer tokens than a window has.
  public init(
    documents: [[Int32]], endOfText: Int32?, length: Int, seed: UInt64, path: String
  ) throws {
    precondition(length >= 1)
    tokens = documents.flatMap { $0 + (endOfText.map { [$0] } ?? []) }
    (self.length, self.seed) = (length, seed)
    guard tokens.count > length else {
      throw TrainingError(
        .tooShort, in: path,
        "has \(tokens.count) tokens, fewer than the \(length + 1) of a window")
    }
  }

  /// What every window but the last one predicts.
  public var targetsPerWindow: Int { length }

  /// Windows of one pass over the text.
  public var windowsPerPass: Int { (tokens.count - 1) / length }

  /// Windows by their numbers.
  ///
  /// - Parameter numbers: not negative.
  /// - Returns: windows of `length` + 1 tokens, of which all but the first are scored.
  /// - Complexity: O(windows of a pass) where a pass begins.
  public mutating func windows(_ numbers: Range<Int>) -> [ScoredTokens] {
    numbers.map { number in
      let (pass, place) = number.quotientAndRemainder(dividingBy: windowsPerPass)
      if pass != self.pass { begin(pass) }
      let first = start + order[place] * length
      return ScoredTokens(tokens: Array(tokens[first...first + length]), scored: 1..<length + 1)
    }
  }

  /// The whole text in windows one after another, none of which is full but by chance the last.
  ///
  /// - Returns: windows that score every token but the first.
  public func allWindows() -> [ScoredTokens] {
    stride(from: 0, to: tokens.count - 1, by: length).map { first in
      let window = tokens[first...min(first + length, tokens.count - 1)]
      return ScoredTokens(tokens: Array(window), scored: 1..<window.count)
    }
  }

  /// The same text, whose passes begin at other places and are taken in other orders.
  ///
  /// - Parameter seed: of places and orders.
  /// - Returns: the text, as if it had been joined with that seed.
  public func reordered(by seed: UInt64) -> any TrainingData {
    var copy = self
    (copy.seed, copy.pass) = (seed, -1)
    return copy
  }

  private mutating func begin(_ pass: Int) {
    var random = RandomStream(seed: seed, stream: RandomPurpose.order.stream(pass))
    let spare = tokens.count - 1 - windowsPerPass * length
    start = random.next(below: spare + 1)
    order = random.permutation(of: windowsPerPass)
    self.pass = pass
  }
}

/// What the random streams of a run are for.
enum RandomPurpose: UInt64 {
  /// The order of windows, a stream for each pass over the text.
  case order = 1
  /// Weights to begin with, a stream for each tensor.
  case weights

  func stream(_ number: Int) -> UInt64 { rawValue << 48 | UInt64(number) }
}
