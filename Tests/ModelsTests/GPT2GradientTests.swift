import Glibc
import Models
import Tensors
import Testing

@Suite struct GPT2GradientTests {
  private static let variants: [SmallGPT2] = [
    SmallGPT2(),
    SmallGPT2(layers: 1, heads: 1, headWidth: 1, inner: 1, words: 2),
    SmallGPT2(heads: 3, headWidth: 5, inner: 61, hasHead: true),
    SmallGPT2(settings: ["activation_function": #""gelu""#]),
    SmallGPT2(settings: ["activation_function": #""relu""#, "layer_norm_epsilon": "0.1"]),
    SmallGPT2(settings: ["scale_attn_weights": "false"]),
    SmallGPT2(layers: 3, settings: ["scale_attn_by_inverse_layer_idx": "true"]),
  ]

  private static let classifiers: [SmallGPT2] = [
    SmallGPT2(classes: 3), SmallGPT2(words: 5, classes: 8),
    SmallGPT2(heads: 1, classes: 2, settings: ["activation_function": #""relu""#]),
  ]

  /// All tokens but the first are scored, or else the last is a class.
  private func window(_ small: SmallGPT2, _ count: Int, seed: UInt64) -> ScoredTokens {
    let tokens = small.tokens(count, seed: seed)
    guard let classes = small.classes else {
      return ScoredTokens(tokens: tokens, scored: 1..<count)
    }
    let label = Int32(Int(seed) % classes)
    return ScoredTokens(tokens: tokens.dropLast() + [label], scored: count - 1..<count)
  }

  private func gradient(
    _ small: SmallGPT2, _ windows: [ScoredTokens], threads: Int = 2,
    precision: Precision = .float32, dropout: DropoutRates = .none, step: UInt64 = 0
  ) throws -> (losses: [Float], gradient: ModelParameters) {
    let parameters = try ModelParameters(small.configuration(), reading: small.weights(seed: 1))
    let gradient = ModelParameters(try small.configuration())
    let loss = try small.configuration().loss(parameters, threads: threads, precision: precision)
    let losses = try loss.addGradient(
      of: windows, scale: 1, dropout: dropout, seed: DropoutSeed(seed: 9, step: step),
      to: gradient)
    return (losses.nats, gradient)
  }

  @Test("The plain gradient is that of finite differences", arguments: variants + classifiers)
  func finiteDifferences(small: SmallGPT2) throws {
    let window = window(small, 7, seed: 3)
    var model = try small.plain(seed: 1)
    let gradient = model.gradient(of: window)
    #expect(Set(gradient.keys) == Set(model.weights.keys))
    let largest = gradient.values.flatMap { $0.map(\.magnitude) }.max() ?? 0
    // Central differences err by some h² and by 1e-16 / h of the loss.
    let step = 1e-5
    for (name, slopes) in gradient {
      for index in stride(from: 0, to: slopes.count, by: max(slopes.count / 9, 1)) {
        let value = model.weights[name]?[index] ?? 0
        func loss(_ change: Double) -> Double {
          model.weights[name]?[index] = value + change
          defer { model.weights[name]?[index] = value }
          return model.negativeLogLikelihoods(of: window).reduce(0, +)
        }
        let expected = (loss(step) - loss(-step)) / (2 * step)
        #expect(abs(slopes[index] - expected) < 1e-6 * largest, "\(name) \(index)")
      }
    }
  }

  @Test("Gradients of every tensor are those of the plain twin", arguments: variants + classifiers)
  func plainTwin(small: SmallGPT2) throws {
    let windows = [13, 2, small.context + 1].map { window(small, $0, seed: UInt64($0)) }
    let found = try gradient(small, windows).gradient
    let model = try small.plain(seed: 1)
    let parts = windows.map { model.gradient(of: $0) }
    for tensor in found.tensors {
      let expected = tensor.elements.indices.map { index in
        let place = index - tensor.elements.lowerBound
        return parts.reduce(0) { $0 + ($1[tensor.name]?[place] ?? 0) }
      }
      let largest = expected.map(\.magnitude).max() ?? 0
      for (found, expected) in zip(found[tensor], expected) {
        // Some hundred roundings to binary32 on the way there and back.
        #expect(abs(Double(found) - expected) <= 3e-5 * largest + 1e-6, "\(tensor.name)")
      }
    }
  }

  @Test(
    "In bfloat16 gradients are off by what the rounding of factors explains", arguments: variants)
  func bfloat16(small: SmallGPT2) throws {
    let windows = (0..<8).map { window(small, small.context + 1, seed: $0) }
    let found = try gradient(small, windows, precision: .bfloat16).gradient
    let model = try small.plain(seed: 1)
    let parts = windows.map { model.gradient(of: $0) }
    let (square, error) = found.tensors.reduce((0.0, 0.0)) { sums, tensor in
      let slopes = found[tensor]
      return slopes.indices.reduce(sums) { sums, index in
        let expected = parts.reduce(0) { $0 + ($1[tensor.name]?[index] ?? 0) }
        let error = Double(slopes[index]) - expected
        return (sums.0 + expected * expected, sums.1 + error * error)
      }
    }
    let relative = (error / square).squareRoot()
    // A factor rounds by at most 1/512 and 1/1000 in the mean square, so two by 0.0014, and some twenty
    // products there and back by √20 times as much, 0.006; twice to three times that where a unit of
    // max(x, 0) changes sides. Without rounding it were 1e-6.
    #expect(relative < 0.02)
    #expect(relative > 1e-3)
  }

  @Test("Losses are those of the model that is not trained")
  func losses() throws {
    let small = SmallGPT2()
    let windows = [window(small, 9, seed: 1), window(small, 17, seed: 2)]
    let expected = try small.model(seed: 1).negativeLogLikelihoods(of: windows, threads: 1)
    let found = try gradient(small, windows).losses
    #expect(found.count == 24)
    for (found, expected) in zip(found, expected.joined()) { #expect(abs(found - expected) < 1e-5) }
  }

  @Test("Losses of classes are those of the classifier's logits, and so are hits")
  func classes() throws {
    let small = SmallGPT2(classes: 3)
    let sequences = (0..<9).map { small.tokens(3 + $0, seed: UInt64($0)) }
    let classifier = try GPT2Classifier(
      small.weights(seed: 1), settings: small.classifierSettings, precision: .float32, threads: 1)
    let logits = try classifier.logits(of: sequences, threads: 1)
    let configuration = try small.configuration()
    let parameters = try ModelParameters(configuration, reading: small.weights(seed: 1))
    let found = try configuration.loss(parameters, threads: 2, precision: .float32).losses(
      of: sequences.enumerated().map { configuration.window(of: $1, label: Int32($0 % 3)) })
    for (index, row) in logits.enumerated() {
      let total = row.reduce(0) { $0 + exp(Double($1)) }
      let expected = log(total) - Double(row[index % 3])
      #expect(abs(Double(found.nats[index]) - expected) < 1e-4)
      #expect(found.hits?[index] == (row[index % 3] == row.max()))
    }
  }

  @Test("Classes that the model does not have are refused, those above its tokens are not")
  func classRange() throws {
    let small = SmallGPT2(words: 5, classes: 8)
    #expect(try gradient(small, [ScoredTokens(tokens: [1, 7], scored: 1..<2)]).losses.count == 1)
    for tokens in [[1, 8], [1, -1], [5, 0]] as [[Int32]] {
      #expect(throws: ModelError.self) {
        try gradient(small, [ScoredTokens(tokens: tokens, scored: 1..<2)])
      }
    }
  }

  @Test(
    "The bits are the same for any number of threads, with dropout too",
    arguments: Precision.allCases)
  func threads(precision: Precision) throws {
    let small = SmallGPT2(heads: 3, headWidth: 11, inner: 133, words: 301)
    let windows = (0..<9).map { window(small, 17, seed: UInt64($0)) }
    let dropout = DropoutRates(embedding: 0.1, attention: 0.2, residual: 0.3)
    for dropout in [.none, dropout] {
      let all = try [1, 2, 3, 7].map { threads in
        let found = try gradient(
          small, windows, threads: threads, precision: precision, dropout: dropout)
        let numbers = UnsafeBufferPointer(
          start: found.gradient.elements.pointer, count: found.gradient.elements.count)
        return found.losses.map(\.bitPattern) + numbers.map(\.bitPattern)
      }
      #expect(all.allSatisfy { $0 == all[0] })
    }
  }

  @Test("Only scored tokens count, whatever follows them")
  func partlyScored() throws {
    let small = SmallGPT2()
    let tokens = small.tokens(12, seed: 8)
    func gradient(_ windows: [ScoredTokens]) throws -> [Float] {
      let found = try self.gradient(small, windows).gradient
      return Array(UnsafeBufferPointer(start: found.elements.pointer, count: found.elements.count))
    }
    let whole = try gradient([ScoredTokens(tokens: tokens, scored: 1..<9)])
    let parts = try [1..<4, 4..<9].map { try gradient([ScoredTokens(tokens: tokens, scored: $0)]) }
    let largest = whole.map(\.magnitude).max() ?? 0
    for index in whole.indices {
      #expect(abs(parts[0][index] + parts[1][index] - whole[index]) < 1e-5 * largest)
    }
  }

  @Test("With dropout the gradient is that of the loss with what was left out held fixed")
  func dropout() throws {
    let small = SmallGPT2(settings: ["activation_function": #""gelu""#])
    let rates = DropoutRates(embedding: 0.1, attention: 0.3, residual: 0.2)
    let parameters = try ModelParameters(small.configuration(), reading: small.weights(seed: 1))
    let loss = try small.configuration().loss(parameters, threads: 2, precision: .float32)
    let windows = [window(small, 14, seed: 1), window(small, 6, seed: 2)]
    func differentiate() throws -> (Double, ModelParameters) {
      let gradient = ModelParameters(like: parameters)
      let losses = try loss.addGradient(
        of: windows, scale: 1, dropout: rates, seed: DropoutSeed(seed: 4, step: 2), to: gradient)
      return (losses.nats.reduce(0) { $0 + Double($1) }, gradient)
    }
    let gradient = try differentiate().1
    for tensor in gradient.tensors {
      let slopes = gradient[tensor]
      let index = slopes.indices.max { slopes[$0].magnitude < slopes[$1].magnitude } ?? 0
      let (value, step) = (parameters[tensor][index], Float(4e-3))
      parameters[tensor][index] = value + step
      let above = try differentiate().0
      parameters[tensor][index] = value - step
      let below = try differentiate().0
      parameters[tensor][index] = value
      let expected = (above - below) / (2 * Double(step))
      // Losses round at 1e-6 of some tens, and the step is large so that this is little beside it.
      #expect(abs(Double(slopes[index]) - expected) < 0.02 * abs(expected) + 5e-3, "\(tensor.name)")
    }
    let others = try self.gradient(small, windows, dropout: rates, step: 3).losses
    #expect(try self.gradient(small, windows, dropout: rates, step: 2).losses != others)
  }

  @Test("Windows that do not fit are refused")
  func refusals() throws {
    let small = SmallGPT2()
    for tokens in [[0, Int32(small.words)], Array(repeating: 1, count: small.context + 2)] {
      #expect(throws: ModelError.self) {
        try gradient(small, [ScoredTokens(tokens: tokens, scored: 1..<tokens.count)])
      }
    }
  }
}
