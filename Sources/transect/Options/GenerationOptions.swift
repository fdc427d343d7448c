import ArgumentParser
import Checkpoints
import Evaluation
import Generation
import Journals
import Tokenization

/// How texts are written.
struct GenerationOptions: ParsableArguments {
  @OptionGroup var sampling: SamplingOptions

  @Option(help: "The most tokens of a text.")
  var maxNew = 30

  @Option(name: [.customShort("n"), .long], help: "Texts for each prompt, at each point.")
  var samples = 25

  @Option(help: "The most texts that a thread writes at once.")
  var batchSize = 64

  func validate() throws {
    for (name, value) in [("--max-new", maxNew), ("-n", samples), ("--batch-size", batchSize)] {
      guard value >= 1 else { throw ValidationError("\(name) must be positive") }
    }
  }

  /// Prepares to write after prompts at points of a family.
  ///
  /// - Parameters:
  ///   - prompts: what texts follow.
  ///   - family: the models.
  ///   - resources: what may be used.
  ///   - journal: keeps finished texts.
  ///   - extra: bytes of memory that are taken besides models.
  /// - Returns: the sweep.
  func sweep(
    after prompts: TokenizedPrompts, in family: OpenedFamily, _ resources: ResourceOptions,
    _ journal: Journal?, extra: Int = 0
  ) -> GenerationSweep {
    let generator = TextGenerator(
      rule: sampling.rule(for: family.models.combination), endOfText: family.tokenizer.endOfText,
      mostTokens: maxNew, seed: sampling.seed)
    return GenerationSweep(
      family.models, generator, prompts: prompts.tokens, count: samples,
      resources: .init(
        threads: resources.threads, batchSize: batchSize,
        cacheByteCount: resources.cacheByteCount(beside: family.models, extra: extra)),
      journal: journal)
  }

  /// The options that shape a result, in a fixed order.
  var recorded: [String] {
    sampling.recorded + ["--max-new", "\(maxNew)", "-n", "\(samples)"]
  }
}
