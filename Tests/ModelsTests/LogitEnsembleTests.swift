import Models
import Testing

@Suite struct LogitEnsembleTests {
  /// Of one vocabulary, and otherwise unlike each other.
  private static let kinds = [
    SmallGPT2(context: 24), SmallGPT2(layers: 1, heads: 2, headWidth: 5, hasHead: true),
    SmallGPT2(layers: 3, inner: 9, context: 30),
  ]
  private static let points: [[Double]] = [
    [1, -0.7, 0.7], [0.25, 0, 0.75], [0, 3, -2], [0, 2, 0], [1.5, 0.1, -0.6],
  ]

  private let members: [GPT2]

  init() throws {
    members = try zip(LogitEnsembleTests.kinds, [1, 2, 3]).map { try $0.model(seed: $1) }
  }

  private func tokens(_ count: Int, seed: UInt64 = 9) -> [Int32] {
    LogitEnsembleTests.kinds[0].tokens(count, seed: seed)
  }

  private var windows: [ScoredTokens] {
    (2...13).map { ScoredTokens(tokens: tokens($0, seed: UInt64($0)), scored: 1..<$0) }
  }

  /// Σ c z of the members' own logits after each position, each rounded to binary32.
  private func sums(_ point: [Double], of tokens: [Int32]) throws -> [[Float]] {
    let words = members[0].vocabularySize
    let all = try members.map { try $0.logits(after: tokens.indices, of: tokens) }
    return tokens.indices.map { position in
      (0..<words).map { word in
        var sum: Double?
        for (coefficient, logits) in zip(point, all) where coefficient != 0 {
          let term = coefficient * Double(logits[position * words + word])
          sum = sum.map { $0 + term } ?? term
        }
        return Float(sum ?? .nan)
      }
    }
  }

  @Test("What comes next is the sum of the members' logits, to the bit", arguments: points)
  func next(point: [Double]) throws {
    let ensemble = try LogitEnsemble(members, coefficients: point)
    let prompts = [tokens(1), tokens(7), tokens(16, seed: 4)]
    let found = try ensemble.nextTokenLogits(after: prompts, threads: 2)
    for (prompt, logits) in zip(prompts, found) {
      #expect(try logits == sums(point, of: prompt).last)
    }
  }

  @Test("Likelihoods are those of the summed logits", arguments: points)
  func likelihoods(point: [Double]) throws {
    let ensemble = try LogitEnsemble(members, coefficients: point)
    let found = try ensemble.negativeLogLikelihoods(of: windows, threads: 2)
    for (window, losses) in zip(windows, found) {
      let expected = try sums(point, of: window.tokens)
      for (position, loss) in zip(window.scored, losses) {
        let row = expected[position - 1].map { Double($0) }
        let plain = PlainLayers.logSumExp(row) - row[Int(window.tokens[position])]
        // Logits of size 10 are exponentiated and summed in binary32.
        #expect(abs(Double(loss) - plain) < 1e-5)
      }
    }
  }

  @Test("Points evaluated together have the bits that each has alone, for any threads and batches")
  func independence() throws {
    let points = LogitEnsembleTests.points + [[0, 1, 0], [1, 0, 0]]
    let alone = try points.map {
      try LogitEnsemble(members, coefficients: $0).negativeLogLikelihoods(of: windows, threads: 1)
    }
    for (threads, positions) in [(1, 1), (2, 30), (5, 1000)] {
      let together = try LogitEnsemble.negativeLogLikelihoods(
        of: windows, members: members, at: points, threads: threads, positionsAtOnce: positions)
      #expect(together == alone)
    }
  }

  @Test("A sequence read in pieces has the bits of reading it at once, beside any others")
  func cache() throws {
    for filter in [nil, 0, 1] {
      let ensemble = try LogitEnsemble(
        members, coefficients: [0, 1.5, -0.5], filter: filter)
      let sequence = tokens(12)
      let cache = ensemble.makeCache(sequences: 3, capacity: 14)
      _ = try ensemble.extend(cache, by: [(0, [1, 2]), (2, Array(sequence[..<4]))]) { _, _ in }
      cache.copy(2, to: 1)
      let found = try ensemble.extend(cache, by: [(0, [3]), (1, Array(sequence[4...]))]) {
        (Array($1.values), $1.filter.map { Array($0) })
      }
      #expect(try found[1].0 == ensemble.nextTokenLogits(after: [sequence], threads: 1)[0])
      let base = try filter.map {
        try members[$0].nextTokenLogits(after: [sequence], threads: 1)[0]
      }
      #expect(found[1].1 == base)
    }
  }

  @Test("One model of coefficient 1 has its own bits, alone or beside others of 0")
  func oneModel() throws {
    let model = members[2]
    let prompts = [tokens(3), tokens(9)]
    for ensemble in [
      try LogitEnsemble([model], coefficients: [1]),
      try LogitEnsemble(members, coefficients: [0, 0, 1]),
    ] {
      #expect(
        try ensemble.negativeLogLikelihoods(of: windows, threads: 2)
          == model.negativeLogLikelihoods(of: windows, threads: 1))
      #expect(
        try ensemble.nextTokenLogits(after: prompts, threads: 2)
          == model.nextTokenLogits(after: prompts, threads: 1))
      let (mine, theirs) = (
        ensemble.makeCache(sequences: 1, capacity: 9), model.makeCache(sequences: 1, capacity: 9)
      )
      #expect(
        try ensemble.extend(mine, by: [(0, prompts[1])]) { Array($1.values) }
          == model.extend(theirs, by: [(0, prompts[1])]) { Array($1.values) })
    }
  }

  @Test("Members of coefficient 0 take no cache, unless they filter")
  func unusedMembers() throws {
    func byteCount(_ members: [GPT2], _ point: [Double], filter: Int? = nil) throws -> Int {
      try LogitEnsemble(members, coefficients: point, filter: filter).cacheByteCount(capacity: 8)
    }
    let alone = try members.map { try byteCount([$0], [1]) }
    #expect(try byteCount(members, [0, 1, 0]) == alone[1])
    #expect(try byteCount(members, [0, 1, 0], filter: 1) == alone[1])
    #expect(try byteCount(members, [0, 1, 0], filter: 0) == alone[0] + alone[1])
  }

  @Test("The shortest context counts, and names of prompts are their numbers")
  func context() throws {
    let ensemble = try LogitEnsemble(members, coefficients: [1, 0, 0])
    #expect(ensemble.contextLength == 16)
    let error = #expect(throws: ModelError.self) {
      try ensemble.nextTokenLogits(after: [tokens(16), tokens(17)], threads: 1)
    }
    #expect(error?.detail.hasPrefix("prompt 1 has 17 tokens") == true)
    let own = #expect(throws: ModelError.self) {
      try members[1].nextTokenLogits(after: [[1], [2], [99]], threads: 1)
    }
    #expect(own?.detail.hasPrefix("prompt 2 has token 99 at position 0") == true)
  }

  @Test("Models of different vocabularies are refused")
  func vocabularies() throws {
    let other = try SmallGPT2(words: 38).model(seed: 1)
    let error = #expect(throws: ModelError.self) {
      try LogitEnsemble([members[0], other], coefficients: [0.5, 0.5])
    }
    #expect(error?.reason == .mismatch && error?.detail.contains("38 tokens") == true)
  }
}
