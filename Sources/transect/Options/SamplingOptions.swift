import ArgumentParser
import Evaluation
import Generation

/// How tokens are drawn.
struct SamplingOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "Share of the probability that the tokens to draw from hold: 0 the likeliest, 1 all.")
  var topP = 0.9

  @Option(parsing: .unconditional, help: "The most tokens to draw from.")
  var topK: Int?

  @Option(parsing: .unconditional, help: "Divides logits; 0 takes the likeliest token.")
  var temperature = 1.0

  @Flag(help: "Take the likeliest token, always; of an ensemble, of those that its filter leaves.")
  var greedy = false

  @Option(
    parsing: .unconditional, help: "Seed of everything that is drawn at random. (default: 0)",
    transform: readSeed)
  var seed: UInt64 = 0

  func validate() throws {
    guard 0...1 ~= topP else { throw ValidationError("--top-p must be from 0 to 1") }
    guard topK.map({ $0 >= 1 }) ?? true else { throw ValidationError("--top-k must be positive") }
    guard temperature >= 0, temperature.isFinite else {
      throw ValidationError("--temperature must be a number that is not negative")
    }
  }

  /// The rule of these options.
  ///
  /// - Parameter combination: where a checkpoint of an ensemble filters, it does so for the likeliest
  ///   token too.
  /// - Returns: the rule.
  func rule(for combination: ModelCombination) -> SamplingRule {
    if greedy, case .logits(_?) = combination {
      return SamplingRule(temperature: 0, topK: topK, topP: topP)
    }
    return greedy ? .greedy : SamplingRule(temperature: temperature, topK: topK, topP: topP)
  }

  /// The options that shape a result, in a fixed order.
  var recorded: [String] {
    let filter = ["--top-p", "\(topP)"] + (topK.map { ["--top-k", "\($0)"] } ?? [])
    let drawing = filter + (greedy ? ["--greedy"] : ["--temperature", "\(temperature)"])
    return drawing + ["--seed", "\(seed)"]
  }
}
