import ArgumentParser
import Generation

/// How tokens are drawn.
struct SamplingOptions: ParsableArguments {
  @Option(
    help: "Share of the probability that the tokens to draw from hold: 0 the likeliest, 1 all.")
  var topP = 0.9

  @Option(help: "The most tokens to draw from.")
  var topK: Int?

  @Option(help: "Divides logits; 0 takes the likeliest token.")
  var temperature = 1.0

  @Flag(help: "Take the likeliest token, always.")
  var greedy = false

  @Option(help: "Seed of the random numbers.")
  var seed: UInt64 = 0

  func validate() throws {
    guard 0...1 ~= topP else { throw ValidationError("--top-p must be from 0 to 1") }
    guard topK.map({ $0 >= 1 }) ?? true else { throw ValidationError("--top-k must be positive") }
    guard temperature >= 0, temperature.isFinite else {
      throw ValidationError("--temperature must be a number that is not negative")
    }
  }

  var rule: SamplingRule {
    greedy ? .greedy : SamplingRule(temperature: temperature, topK: topK, topP: topP)
  }

  /// The options that shape a result, in a fixed order.
  var recorded: [String] {
    let drawing =
      greedy
      ? ["--greedy"]
      : ["--top-p", "\(topP)"] + (topK.map { ["--top-k", "\($0)"] } ?? [])
        + ["--temperature", "\(temperature)"]
    return drawing + ["--seed", "\(seed)"]
  }
}
