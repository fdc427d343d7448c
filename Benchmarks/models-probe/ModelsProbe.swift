import ArgumentParser
import Checkpoints
import Geometry
import Models

/// Prints what a GPT-2 makes of windows of token ids, for comparison with other implementations.
///
/// Reads windows from standard input, one a line, ids separated by blanks. Writes JSON: in the first
/// line how many seconds loading and computing took, then one array for each window.
@main struct ModelsProbe: ParsableCommand {
  @Argument(help: "Checkpoints; of several, the model is a weighted sum.")
  var checkpoints: [String]

  @Option(help: "Weights of the sum, one for each checkpoint.")
  var coefficients: [Double] = []

  @Flag(help: "Print the logits after every position instead of negative log-likelihoods.")
  var logits = false

  @Option(help: "Write the gradient of the mean loss of all windows to this safetensors file.")
  var gradient: String?

  @Option(help: "Take a step of AdamW for every so many windows, and print the losses and seconds.")
  var trainingBatch: Int?

  @Option(help: "The learning rate of those steps.") var rate = 1e-3

  @Option var threads = 2

  @Option(help: "f32 or bf16.") var precision = Precision.float32

  @Option(help: "Compute so often, and print the fastest time.") var rounds = 1

  func run() throws {
    let clock = ContinuousClock()
    let (weights, settings) = try open()
    if gradient != nil || trainingBatch != nil { return try train(weights, settings) }
    let configuration = try GPT2Configuration(of: weights, settings: settings)
    let model = GPT2(configuration, precision: precision)
    let loading = try clock.measure { try model.load(weights, threads: threads) }
    let windows = readWindows()
    var results: [[Float]] = []
    let times = try (0..<rounds).map { _ in
      try clock.measure { results = try compute(model, windows) }
    }
    let seconds = [loading, times.min() ?? .zero].map { $0 / .seconds(1) }
    print(#"{"loading": \#(seconds[0]), "computing": \#(seconds[1])}"#)
    for numbers in results { print(numbers) }
  }

  private func train(_ weights: MixedStateDict, _ settings: ModelSettings?) throws {
    let model: any TrainableModel =
      if let settings, settings.areOfClassifier {
        try TrainableClassifier(weights, settings: settings).model
      } else {
        try GPT2Configuration(of: weights, settings: settings)
      }
    let probe = TrainingProbe(
      model: model, parameters: try ModelParameters(model, reading: weights), threads: threads,
      precision: precision)
    let windows = readWindows()
    if let gradient { print([try probe.writeGradient(of: windows, to: gradient)]) }
    if let trainingBatch {
      let found = try probe.losses(of: windows, batch: trainingBatch, rate: rate)
      print(found.losses)
      print(found.seconds)
    }
  }

  private func open() throws -> (MixedStateDict, ModelSettings?) {
    let models = try checkpoints.map { try ParameterList(openCheckpoint($0)) }
    let weights = try MixedStateDict(
      models, coefficients: coefficients.isEmpty ? [1] : coefficients)
    let settings = try ModelConfiguration(beside: models[0].checkpoint).map {
      ModelSettings(path: $0.path, values: $0.settings)
    }
    return (weights, settings)
  }

  private func readWindows() -> [[Int32]] {
    var windows: [[Int32]] = []
    while let line = readLine() {
      windows.append(line.split(separator: " ").compactMap { Int32($0) })
    }
    return windows
  }

  private func compute(_ model: GPT2, _ windows: [[Int32]]) throws -> [[Float]] {
    if logits { return try windows.map { try model.logits(after: $0.indices, of: $0) } }
    return try model.negativeLogLikelihoods(
      of: windows.map { ScoredTokens(tokens: $0, scored: 1..<max($0.count, 1)) }, threads: threads)
  }
}

extension Precision: ExpressibleByArgument {}
