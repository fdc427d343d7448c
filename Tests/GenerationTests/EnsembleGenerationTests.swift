import Foundation
import Generation
import Models
import TestSupport
import Testing

@Suite struct EnsembleGenerationTests {
  private let members: [GPT2]
  private let prompts: [[Int32]] = [[5, 80, 300], [], [9], Array(200..<240)]

  init() throws {
    members = try ["base", "tuned-negative", "tuned"].map {
      try trainedModel(PackageFolder.path("notebooks-data/miniature/\($0)/model.safetensors"))
    }
  }

  private func generator(_ rule: SamplingRule, mostTokens: Int = 8) -> TextGenerator {
    TextGenerator(rule: rule, endOfText: 0, mostTokens: mostTokens, seed: 1)
  }

  private func ensemble(_ coefficients: [Double], filter: Int? = nil) throws -> LogitEnsemble {
    try LogitEnsemble(members, coefficients: coefficients, filter: filter)
  }

  /// Σ c z after tokens, from the models' own logits.
  private func logits(_ coefficients: [Double], after tokens: [Int32]) throws -> [Double] {
    let all = try members.map { try $0.logits(after: [tokens.count - 1], of: tokens) }
    return all[0].indices.map { word in
      zip(coefficients, all).reduce(0) { $0 + $1.0 * Double($1.1[word]) }
    }
  }

  /// Tokens in descending order of logits, the fewest that hold a share.
  private func nucleus(_ logits: [Float], _ share: Double) -> Set<Int> {
    let weights = logits.map { exp(Double($0) - Double(logits.max() ?? 0)) }
    var (left, kept) = (share * weights.reduce(0, +), Set<Int>())
    for id in weights.indices.sorted(by: { weights[$0] > weights[$1] }) where left > 0 {
      left -= weights[id]
      kept.insert(id)
    }
    return kept
  }

  @Test("Greedy texts take the largest sum of logits read anew, of all tokens or of the base's")
  func greedy() throws {
    let point = [1, -2.0, 2]
    for filter in [nil, 0] {
      let texts = try generator(.init(temperature: 0, topP: filter == nil ? 1 : 0.5))
        .texts(of: ensemble(point, filter: filter), after: prompts, count: 1, threads: 2)
      for text in texts {
        let prompt = prompts[text.prompt].isEmpty ? [0] : prompts[text.prompt]
        for end in text.tokens.indices {
          let read = prompt + text.tokens[..<end]
          let sums = try logits(point, after: read)
          let kept = try filter.map {
            nucleus(try members[$0].logits(after: [read.count - 1], of: read), 0.5)
          }
          let best = sums.indices.filter { kept?.contains($0) ?? true }.max { sums[$0] < sums[$1] }
          #expect(best == Int(text.tokens[end]))
        }
      }
    }
  }

  @Test("An ensemble of one writes what its model writes, also where others have coefficient 0")
  func oneModel() throws {
    let writer = generator(.init(topP: 0.9))
    let alone = try writer.texts(of: members[2], after: prompts, count: 3, threads: 2)
    for (point, filter) in [([0, 0, 1.0], nil), ([0, 0, 1], 2)] as [([Double], Int?)] {
      let found = try writer.texts(
        of: ensemble(point, filter: filter), after: prompts, count: 3, threads: 1)
      #expect(found == alone)
    }
  }

  @Test("Texts do not depend on threads and batches, nor on the slice that their prompt comes in")
  func independence() throws {
    let writer = generator(.init(topP: 0.9))
    let model = try ensemble([1, -1, 1], filter: 0)
    let all = try writer.texts(of: model, after: prompts, count: 4, threads: 1)
    #expect(
      try writer.texts(of: model, after: prompts, count: 4, threads: 3, batchSize: 2) == all)
    let late = try writer.texts(
      of: model, after: prompts[2...], count: 4, using: .init(threads: 2))
    #expect(late == all.filter { $0.prompt >= 2 })
  }

  @Test("First tokens come from the base's nucleus, as often as the ensemble's softmax says")
  func frequencies() throws {
    let (count, share, temperature, point) = (20_000, 0.8, 0.7, [1, -0.5, 0.5])
    let rule = SamplingRule(temperature: temperature, topP: share)
    let texts = try generator(rule, mostTokens: 1)
      .texts(
        of: ensemble(point, filter: 0), after: [[5, 80]], count: count, threads: 2,
        batchSize: count)
    let kept = nucleus(try members[0].logits(after: [1], of: [5, 80]), share).sorted()
    let sums = try logits(point, after: [5, 80])
    let weights = kept.map { exp((sums[$0] - (sums.max() ?? 0)) / temperature) }
    let total = weights.reduce(0, +)
    let counts = Dictionary(texts.map { (Int($0.tokens[0]), 1) }, uniquingKeysWith: +)
    #expect(Set(counts.keys).isSubset(of: kept))
    // Cells that are expected less than ten times are taken as one.
    var (statistic, cells, rare) = (0.0, 0.0, (found: 0.0, expected: 0.0))
    for (id, weight) in zip(kept, weights) {
      let (found, expected) = (Double(counts[id] ?? 0), weight / total * Double(count))
      if expected < 10 {
        rare = (rare.found + found, rare.expected + expected)
      } else {
        statistic += (found - expected) * (found - expected) / expected
        cells += 1
      }
    }
    if rare.expected > 0 {
      statistic += (rare.found - rare.expected) * (rare.found - rare.expected) / rare.expected
    }
    // Of mean `cells` and variance 2 · cells; five deviations. The seed is fixed.
    #expect(cells > 5 && abs(statistic - cells) < 5 * (2 * cells).squareRoot())
  }

  @Test("A prompt that cannot be read is named by its number")
  func refusals() throws {
    let context = members[0].configuration.contextLength
    for (prompt, detail) in [
      (Array(repeating: Int32(1), count: context + 1), "prompt 1 has \(context + 1) tokens"),
      ([3, -1], "prompt 1 has token -1 at position 1"),
    ] {
      let error = #expect(throws: ModelError.self) {
        try generator(.greedy).texts(of: members[0], after: [[1], prompt], count: 1, threads: 1)
      }
      #expect(error?.detail.hasPrefix(detail) == true)
    }
  }
}
