import Foundation
import Generation
import LinearAlgebra
import Models
import TestSupport
import Testing

@Suite struct TextGeneratorTests {
  private static let endOfText: Int32 = 0
  private let model: GPT2

  init() throws {
    model = try trainedModel(
      PackageFolder.path("notebooks-data/miniature/tuned/model.safetensors"))
  }

  private func generator(
    _ rule: SamplingRule = .init(topP: 0.9), mostTokens: Int = 12, endOfText: Int32? = endOfText,
    seed: UInt64 = 1
  ) -> TextGenerator {
    TextGenerator(rule: rule, endOfText: endOfText, mostTokens: mostTokens, seed: seed)
  }

  private let prompts: [[Int32]] = [[5, 80, 300], [], [9], Array(200..<240), [5, 80, 300]]

  @Test("A seed gives the same texts for any batches and threads")
  func independence() throws {
    let expected = try generator().texts(
      of: model, after: prompts, count: 5, threads: 1, batchSize: 1000)
    #expect(expected.count == 25 && Set(expected.map(\.tokens)).count > 20)
    for (batchSize, threads) in [(1, 1), (3, 1), (8, 2), (1000, 2), (4, 5)] {
      let found = try generator().texts(
        of: model, after: prompts, count: 5, threads: threads, batchSize: batchSize)
      #expect(found == expected)
    }
    let little = try generator().texts(
      of: model, after: prompts, count: 5, threads: 2, cacheByteCount: 1)
    #expect(little == expected)
    let other = try generator(seed: 2).texts(of: model, after: prompts, count: 5, threads: 2)
    #expect(other.map(\.tokens) != expected.map(\.tokens))
  }

  @Test("Fewer texts, or further prompts, change no text")
  func stability() throws {
    let many = try generator().texts(of: model, after: prompts, count: 4, threads: 2)
    let few = try generator().texts(
      of: model, after: Array(prompts.prefix(2)), count: 3, threads: 1)
    #expect(few == many.filter { $0.prompt < 2 && $0.sample < 3 })
  }

  @Test("Blocks of a prompt's texts are those among all, whatever was written before")
  func blocks() throws {
    let all = try generator().texts(of: model, after: prompts, count: 5, threads: 2)
    let blocks = [
      TextBlock(prompt: 0, samples: 3..<5), .init(prompt: 2, samples: 0..<2),
      .init(prompt: 2, samples: 2..<3), .init(prompt: 4, samples: 4..<5),
    ]
    let some = try generator().texts(
      of: model, after: prompts[...], in: blocks, using: .init(threads: 2))
    #expect(
      some
        == blocks.flatMap { block in
          all.filter { $0.prompt == block.prompt && block.samples.contains($0.sample) }
        })
  }

  @Test("Other tokens end a text too, and no text that has none of them is changed")
  func otherEnds() throws {
    let all = try generator().texts(of: model, after: prompts, count: 5, threads: 2)
    let other = all[0].tokens[2]
    let found = try TextGenerator(
      rule: .init(topP: 0.9), endOfText: 0, otherEnds: [other], mostTokens: 12, seed: 1
    ).texts(of: model, after: prompts, count: 5, threads: 1)
    for (text, before) in zip(found, all) {
      let end = before.tokens.firstIndex(of: other).map { $0 + 1 } ?? before.tokens.count
      #expect(text.tokens == Array(before.tokens.prefix(end)))
      #expect(text.finish == (before.tokens.contains(other) ? .stop : before.finish))
    }
  }

  @Test("Greedy texts take the largest logit of the whole text read anew, each time")
  func greedy() throws {
    for rule in [SamplingRule.greedy, .init(temperature: 0, topP: 1), .init(topK: 1, topP: 1)] {
      let texts = try generator(rule).texts(of: model, after: prompts, count: 2, threads: 2)
      for text in texts {
        let prompt = prompts[text.prompt].isEmpty ? [0] : prompts[text.prompt]
        for end in text.tokens.indices {
          let read = prompt + text.tokens[..<end]
          let logits = try model.logits(after: [read.count - 1], of: read)
          #expect(logits.firstIndex(of: logits.max() ?? .nan) == Int(text.tokens[end]))
        }
      }
    }
  }

  @Test("Log-probabilities are those of scoring the text")
  func logProbabilities() throws {
    let texts = try generator(.init(temperature: 1.5, topK: 40, topP: 0.8))
      .texts(of: model, after: [[7, 8]], count: 6, threads: 1)
    for text in texts {
      let tokens = [7, 8] + text.tokens
      let window = ScoredTokens(tokens: tokens, scored: 2..<tokens.count)
      let losses = try model.negativeLogLikelihoods(of: [window], threads: 1)[0]
      // Each of a dozen is rounded to binary32 twice.
      #expect(abs(text.logProbability + losses.reduce(0) { $0 + Double($1) }) < 1e-4)
    }
  }

  @Test("First tokens are as frequent as their probabilities say", arguments: [1, 0.7])
  func frequencies(temperature: Double) throws {
    let count = 20_000
    let texts = try generator(.init(temperature: temperature, topP: 1), mostTokens: 1)
      .texts(of: model, after: [[5, 80]], count: count, threads: 2, batchSize: count)
    var counts = Array(repeating: 0, count: model.configuration.vocabularySize)
    for text in texts { counts[Int(text.tokens[0])] += 1 }
    let logits = try model.logits(after: [1], of: [5, 80]).map { Double($0) / temperature }
    let weights = logits.map { exp($0 - (logits.max() ?? 0)) }
    let total = weights.reduce(0, +)
    // Cells that are expected less than ten times are taken as one.
    var (statistic, cells, rare) = (0.0, 0.0, (found: 0.0, expected: 0.0))
    for (found, weight) in zip(counts, weights) {
      let expected = weight / total * Double(count)
      if expected < 10 {
        rare = (rare.found + Double(found), rare.expected + expected)
      } else {
        statistic += (Double(found) - expected) * (Double(found) - expected) / expected
        cells += 1
      }
    }
    statistic += (rare.found - rare.expected) * (rare.found - rare.expected) / rare.expected
    // Of mean `cells` and variance 2 · cells; five deviations. The seed is fixed.
    #expect(cells > 5 && abs(statistic - cells) < 5 * (2 * cells).squareRoot())
  }

  @Test("A text ends with the end of text, which is its last token")
  func stop() throws {
    let free = try generator(endOfText: nil).texts(
      of: model, after: [[5, 80]], count: 1, threads: 1)[0]
    let end = free.tokens[4]
    let place = try #require(free.tokens.firstIndex(of: end))
    let ended = try generator(endOfText: end).texts(
      of: model, after: [[5, 80]], count: 1, threads: 1)[0]
    #expect(ended.tokens == Array(free.tokens[...place]) && ended.finish == .stop)
    #expect(free.tokens.count == 12 && free.finish == .length)
  }

  @Test("A full context ends a text: one token follows a prompt that fills it")
  func fullContext() throws {
    let context = model.configuration.contextLength
    for missing in [0, 1, 3] {
      let prompt = (0..<context - missing).map { Int32($0 % 500 + 1) }
      let text = try generator(endOfText: nil).texts(
        of: model, after: [prompt], count: 1, threads: 1)[0]
      #expect(text.tokens.count == missing + 1 && text.finish == .length)
    }
  }

  @Test("A prompt beyond the context, an unknown token, and nothing to begin with are refused")
  func refusals() {
    let long = Array(repeating: Int32(1), count: model.configuration.contextLength + 1)
    for prompt in [long, [-1], [Int32(model.configuration.vocabularySize)]] {
      #expect(throws: ModelError.self) {
        try generator().texts(of: model, after: [[1], prompt], count: 1, threads: 1)
      }
    }
    #expect(throws: ModelError.self) {
      try generator(endOfText: nil).texts(of: model, after: [[]], count: 1, threads: 1)
    }
  }

  @Test("No prompts or no texts give nothing")
  func nothing() throws {
    #expect(try generator().texts(of: model, after: [], count: 3, threads: 2).isEmpty)
    #expect(try generator().texts(of: model, after: prompts, count: 0, threads: 2).isEmpty)
  }
}
