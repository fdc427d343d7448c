import Models
import Tensors
import Testing

@Suite struct GPT2DerivativeTests {
  private static let variants = [
    SmallGPT2(), SmallGPT2(layers: 1, heads: 2, headWidth: 9, hasHead: true),
    SmallGPT2(settings: ["activation_function": #""gelu""#]),
    SmallGPT2(settings: ["activation_function": #""relu""#]),
    SmallGPT2(settings: ["scale_attn_by_inverse_layer_idx": "true"]),
  ]

  /// θ + t · dθ in binary64.
  private func moved(_ small: SmallGPT2, by step: Double) throws -> PlainGPT2 {
    var model = try small.plain(seed: 1)
    let direction = try small.plain(seed: 2)
    for (name, change) in direction.weights {
      for (index, value) in change.enumerated() { model.weights[name]?[index] += step * value }
    }
    return model
  }

  /// Half the difference of f at steps h and −h, over h: it errs by a few h² and by 1e-16 / h.
  private func slopes(_ small: SmallGPT2, _ f: (PlainGPT2) -> [Double]) throws -> [Double] {
    let step = 1e-5
    return zip(f(try moved(small, by: step)), f(try moved(small, by: -step))).map {
      ($0 - $1) / (2 * step)
    }
  }

  @Test("Logits change as finite differences say", arguments: variants)
  func logits(small: SmallGPT2) throws {
    let tokens = small.tokens(12, seed: 3)
    let found = try small.model(seed: 1)
      .logits(after: tokens.indices, of: tokens, along: small.model(seed: 2))
    #expect(try found.values == small.model(seed: 1).logits(after: tokens.indices, of: tokens))
    let expected = try slopes(small) { $0.logits(of: tokens) }
    let largest = expected.map(\.magnitude).max() ?? 0
    for (found, expected) in zip(found.changes, expected) {
      // A few hundred roundings to binary32.
      #expect(abs(Double(found) - expected) < largest * 3e-5)
    }
  }

  @Test("Likelihoods change as finite differences say", arguments: variants)
  func likelihoods(small: SmallGPT2) throws {
    let tokens = small.tokens(12, seed: 4)
    let window = ScoredTokens(tokens: tokens, scored: 1..<tokens.count)
    let found = try small.model(seed: 1).linearizedLikelihoods(
      of: [window], along: small.model(seed: 2), steps: [0], threads: 1)[0]
    let expected = try slopes(small) { $0.negativeLogLikelihoods(of: tokens) }
    let plain = try small.plain(seed: 1).negativeLogLikelihoods(of: tokens)
    let largest = expected.map(\.magnitude).max() ?? 0
    #expect(found.count == expected.count)
    for (found, (expected, plain)) in zip(found, zip(expected, plain)) {
      #expect(abs(Double(found.derivative) - expected) < largest * 3e-5)
      #expect(abs(Double(found.values[0]) - plain) < 1e-4)
    }
  }

  @Test("Away from the model, likelihoods are those of the expanded logits")
  func expansion() throws {
    let small = SmallGPT2()
    let tokens = small.tokens(5, seed: 6)
    let (model, direction) = (try small.model(seed: 1), try small.model(seed: 2))
    let window = ScoredTokens(tokens: tokens, scored: 4..<5)
    let found = try model.linearizedLikelihoods(
      of: [window], along: direction, steps: [0.5, -2], threads: 1)[0][0]
    let logits = try model.logits(after: [3], of: tokens, along: direction)
    for (step, value) in zip([0.5, -2], found.values) {
      let expanded = zip(logits.values, logits.changes).map { Double($0) + step * Double($1) }
      let expected = PlainLayers.logSumExp(expanded) - expanded[Int(tokens[4])]
      #expect(abs(Double(value) - expected) < 1e-4)
    }
  }

  @Test("The bits depend on neither threads nor batches")
  func independence() throws {
    let small = SmallGPT2()
    let (model, direction) = (try small.model(seed: 1), try small.model(seed: 2))
    let windows = (2...9).map {
      ScoredTokens(tokens: small.tokens($0, seed: UInt64($0)), scored: 1..<$0)
    }
    let all = try [(1, 1), (2, 20), (5, 1000)].map { threads, positions in
      try model.linearizedLikelihoods(
        of: windows, along: direction, steps: [0, 1], threads: threads, positionsAtOnce: positions)
    }
    #expect(all.allSatisfy { $0 == all[0] })
  }
}
