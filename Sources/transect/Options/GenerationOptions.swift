import ArgumentParser
import Checkpoints
import Evaluation
import Generation
import Journals
import Reports
import Tokenization

/// How texts are written.
struct GenerationOptions: ParsableArguments {
  @OptionGroup var sampling: SamplingOptions

  @Option(parsing: .unconditional, help: "The most tokens of a text.")
  var maxNew = 30

  @Option(
    name: [.customShort("n"), .long], parsing: .unconditional,
    help: "Texts for each prompt, at each point.")
  var samples = 25

  @Option(parsing: .unconditional, help: "The most texts that a thread writes at once.")
  var batchSize = 64

  /// Products of two such numbers, and sums with them, are still counted in 64 bits.
  private static let largestCount = 1 << 30

  func validate() throws {
    guard samples >= 1 else { throw ValidationError("-n must be positive") }
    for (name, value) in [("--max-new", maxNew), ("--batch-size", batchSize)] {
      guard 1...GenerationOptions.largestCount ~= value else {
        throw ValidationError("\(name) must be from 1 to \(GenerationOptions.largestCount)")
      }
    }
  }

  /// What a text takes at least until all are in the result.
  private static let byteCountOfText = 1024

  /// Refuses more texts than memory holds.
  ///
  /// - Parameters:
  ///   - prompts: how many there are.
  ///   - points: how many there are.
  ///   - resources: what may be used; all memory of the machine, if the command line does not say.
  /// - Throws: `ValidationError` that says how many texts can be held.
  func requireRoom(prompts: Int, points: Int, _ resources: ResourceOptions) throws {
    let memory = resources.memory ?? .ofMachine
    let most = memory.byteCount / GenerationOptions.byteCountOfText
    let count = prompts.multipliedReportingOverflow(by: points)
    guard !count.overflow, count.partialValue <= most / samples else {
      throw ValidationError(
        "-n \(samples) after \(prompts.counted("prompt")) at \(points.counted("point")) are more texts than the \(most) that "
          + "\(memory) hold")
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
      otherEnds: family.endMarks, mostTokens: maxNew, seed: sampling.seed)
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
