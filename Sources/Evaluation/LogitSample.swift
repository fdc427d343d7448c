import Models
import Threads

/// Positions of texts whose whole logits are compared between models: those of the first windows
/// of each text that fit the memory granted.
struct LogitSample {
  private let windows: [ScoredTokens]
  private let words: Int
  /// How many positions.
  let count: Int

  /// Chooses positions.
  ///
  /// - Parameters:
  ///   - texts: each gets an equal part.
  ///   - words: the size of the vocabulary.
  ///   - byteLimit: for the logits of one model; at least one window is taken.
  init(of texts: [ScoredText], words: Int, byteLimit: Int) {
    let limit = byteLimit / max(words * MemoryLayout<Float>.stride * texts.count, 1)
    windows = texts.flatMap { text -> [ScoredTokens] in
      var left = limit
      return text.scoredTokens.prefix { window in
        defer { left -= window.scored.count }
        return left == limit || window.scored.count <= left
      }
    }
    self.words = words
    count = windows.reduce(0) { $0 + $1.scored.count }
  }

  /// The logits of a model at all positions, each position's less their mean.
  func logits(of model: GPT2, threads: Int) throws -> [Float] {
    let windows = windows
    let found = try concurrentMap(windows.count, threads: threads) { index in
      try model.logits(after: windows[index].positionsBefore, of: windows[index].tokens)
    }
    return centred(found.flatMap { $0 })
  }

  /// The logits of a model and how they change along a direction of its weights.
  func expansion(
    of model: GPT2, along direction: GPT2, at anchor: Double, threads: Int
  ) throws -> Expansion {
    let windows = windows
    let found = try concurrentMap(windows.count, threads: threads) { index in
      try model.logits(
        after: windows[index].positionsBefore, of: windows[index].tokens, along: direction)
    }
    return Expansion(
      anchor: anchor, values: centred(found.flatMap(\.values)),
      changes: centred(found.flatMap(\.changes)))
  }

  /// What softmax does not see is taken away.
  private func centred(_ logits: [Float]) -> [Float] {
    var logits = logits
    for row in stride(from: 0, to: logits.count, by: words) {
      let mean = Float(logits[row..<row + words].reduce(0.0) { $0 + Double($1) } / Double(words))
      for word in row..<row + words { logits[word] -= mean }
    }
    return logits
  }

  /// Logits to the first order around an anchor.
  struct Expansion {
    let anchor: Double
    let values: [Float]
    let changes: [Float]

    /// How far logits are from the expansion, and from the anchor.
    func gap(_ logits: [Float], at alpha: Double) -> Gap {
      let step = alpha - anchor
      var gap = Gap()
      for index in logits.indices {
        let way = Double(logits[index]) - Double(values[index])
        let rest = way - step * Double(changes[index])
        gap.way += way * way
        gap.rest += rest * rest
      }
      return gap
    }
  }

  /// Squared distances.
  struct Gap {
    /// From the anchor's logits.
    var way = 0.0
    /// From the expansion.
    var rest = 0.0

    var relativeError: Double { way > 0 ? (rest / way).squareRoot() : .nan }
  }
}

extension ScoredTokens {
  /// Positions whose logits say what the scored tokens were expected to be.
  fileprivate var positionsBefore: Range<Int> { scored.lowerBound - 1..<scored.upperBound - 1 }
}
