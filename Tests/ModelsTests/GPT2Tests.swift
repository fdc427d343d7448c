import Models
import Tensors
import Testing

@Suite struct GPT2Tests {
  /// Models that differ in all that a configuration tells.
  private static let variants: [SmallGPT2] = [
    SmallGPT2(),
    SmallGPT2(layers: 1, heads: 1, headWidth: 1, inner: 1, words: 2),
    SmallGPT2(heads: 3, headWidth: 5, inner: 61, hasHead: true),
    SmallGPT2(settings: ["activation_function": #""gelu""#]),
    SmallGPT2(settings: ["activation_function": #""relu""#, "layer_norm_epsilon": "0.1"]),
    SmallGPT2(settings: ["scale_attn_weights": "false"]),
    SmallGPT2(layers: 3, settings: ["scale_attn_by_inverse_layer_idx": "true"]),
  ]

  @Test("Logits are those of the formulas in binary64", arguments: variants)
  func logits(small: SmallGPT2) throws {
    let tokens = small.tokens(small.context, seed: 5)
    let found = try small.model(seed: 1).logits(after: tokens.indices, of: tokens)
    let expected = try small.plain(seed: 1).logits(of: tokens)
    #expect(found.count == expected.count)
    let largest = expected.map(\.magnitude).max() ?? 0
    for (found, expected) in zip(found, expected) {
      // Some hundred roundings to binary32 between tokens and logits.
      #expect(abs(Double(found) - expected) < largest * 1e-5)
    }
  }

  @Test("Negative log-likelihoods are those of the formulas", arguments: variants)
  func likelihoods(small: SmallGPT2) throws {
    let tokens = small.tokens(small.context, seed: 6)
    let window = ScoredTokens(tokens: tokens, scored: 1..<tokens.count)
    let found = try small.model(seed: 2).negativeLogLikelihoods(of: [window], threads: 1)[0]
    let expected = try small.plain(seed: 2).negativeLogLikelihoods(of: tokens)
    #expect(found.count == expected.count)
    for (found, expected) in zip(found, expected) {
      #expect(abs(Double(found) - expected) < 1e-4)
    }
  }

  @Test("What is scored alone, in company, in part or by many threads has the same bits")
  func independence() throws {
    let small = SmallGPT2()
    let model = try small.model(seed: 3)
    let windows = (1...small.context).map { count in
      ScoredTokens(tokens: small.tokens(count, seed: UInt64(count)), scored: 1..<max(count, 1))
    }
    let alone = try windows.map { try model.negativeLogLikelihoods(of: [$0], threads: 1)[0] }
    #expect(alone.map(\.count) == windows.map { $0.tokens.count - 1 })
    for (threads, positions) in [(1, 1), (1, 1000), (2, 20), (5, 7), (2, 1000)] {
      let found = try model.negativeLogLikelihoods(
        of: windows, threads: threads, positionsAtOnce: positions)
      #expect(found == alone)
    }
    let parts = try windows.suffix(9).map { window in
      let part = ScoredTokens(tokens: window.tokens, scored: 3..<6)
      return try model.negativeLogLikelihoods(of: [part], threads: 2)[0]
    }
    #expect(parts == alone.suffix(9).map { Array($0[2..<5]) })
  }

  @Test("Windows without anything to score give nothing")
  func emptyWindows() throws {
    let model = try SmallGPT2().model(seed: 1)
    let windows = [
      ScoredTokens(tokens: [], scored: 0..<0), ScoredTokens(tokens: [1], scored: 1..<1),
      ScoredTokens(tokens: [1, 2], scored: 0..<0),
    ]
    #expect(try model.negativeLogLikelihoods(of: windows, threads: 2) == [[], [], []])
    #expect(try model.negativeLogLikelihoods(of: [], threads: 2).isEmpty)
    #expect(try model.logits(after: [], of: [1, 2]).isEmpty)
  }

  @Test("Logits after some positions are among those after all")
  func somePositions() throws {
    let small = SmallGPT2()
    let model = try small.model(seed: 4)
    let tokens = small.tokens(9, seed: 1)
    let all = try model.logits(after: tokens.indices, of: tokens)
    let some = try model.logits(after: [2, 8], of: tokens)
    let words = small.words
    #expect(some == Array(all[2 * words..<3 * words] + all[8 * words..<9 * words]))
  }

  @Test("A model that is loaded again forgets what it was")
  func reloading() throws {
    let small = SmallGPT2(hasHead: true)
    let tokens = small.tokens(8, seed: 1)
    let model = try small.model(seed: 1)
    try model.load(small.weights(seed: 2), threads: 3)
    let fresh = try small.model(seed: 2)
    #expect(
      try model.logits(after: tokens.indices, of: tokens)
        == fresh.logits(after: tokens.indices, of: tokens))
  }

  @Test("bfloat16 stays near binary32")
  func halfPrecision() throws {
    let small = SmallGPT2()
    let window = ScoredTokens(tokens: small.tokens(16, seed: 2), scored: 1..<16)
    let exact = try small.model(seed: 1).negativeLogLikelihoods(of: [window], threads: 1)[0]
    let rounded = try small.model(seed: 1, .bfloat16)
      .negativeLogLikelihoods(of: [window], threads: 1)[0]
    // Eight bits of significand in a dozen matrices.
    for (exact, rounded) in zip(exact, rounded) { #expect(abs(exact - rounded) < 0.1) }
  }

  @Test("Tokens outside the vocabulary, and too many of them, are errors", arguments: [-1, 37])
  func unusableTokens(token: Int32) throws {
    let model = try SmallGPT2().model(seed: 1)
    let window = ScoredTokens(tokens: [0, token], scored: 1..<2)
    let error = #expect(throws: ModelError.self) {
      try model.negativeLogLikelihoods(of: [window], threads: 1)
    }
    #expect(error?.reason == .unusableTokens)
    #expect(error?.description.contains("\(token) at position 1") == true)
    let long = #expect(throws: ModelError.self) {
      try model.logits(after: [0], of: Array(repeating: 0, count: 17))
    }
    #expect(long?.detail.contains("17 tokens") == true)
  }

  @Test("NaN and infinite weights are errors that name the tensor and count them")
  func nonfiniteWeights() throws {
    let small = SmallGPT2()
    var weights = small.weights(seed: 1)
    weights.tensors["h.1.mlp.c_fc.weight"]?.values[7] = .nan
    weights.tensors["h.1.mlp.c_fc.weight"]?.values[9] = .infinity
    let model = GPT2(try small.configuration(), precision: .float32)
    let error = #expect(throws: ModelError.self) { try model.load(weights, threads: 2) }
    #expect(error?.reason == .nonfinite)
    #expect(error?.tensor == "h.1.mlp.c_fc.weight")
    #expect(error?.detail.hasPrefix("2 of its 240 weights") == true)
  }

  @Test("Weights of another model are errors")
  func otherWeights() throws {
    let model = GPT2(try SmallGPT2().configuration(), precision: .float32)
    let wider = #expect(throws: ModelError.self) {
      try model.load(SmallGPT2(inner: 21).weights(seed: 1), threads: 1)
    }
    #expect(wider?.tensor == "h.0.mlp.c_fc.weight")
    #expect(wider?.reason == .mismatch)
    let shallower = #expect(throws: ModelError.self) {
      try model.load(SmallGPT2(layers: 1).weights(seed: 1), threads: 1)
    }
    #expect(shallower?.reason == .missing)
  }

  @Test("Memory is that of the weights, and of the activations of each thread")
  func memory() throws {
    let small = SmallGPT2()
    let model = try small.model(seed: 1)
    let count = small.weights(seed: 1).tensors.values.reduce(0) { $0 + $1.values.count }
    // The token embedding is held twice; packed matrices are padded.
    #expect(model.byteCount >= 4 * (count + small.words * small.width))
    #expect(model.scratchByteCount(positions: 10) >= 10 * 4 * 5 * small.width)
  }
}
