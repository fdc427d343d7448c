import ArgumentParser
import Checkpoints
import Evaluation
import Generation
import Geometry
import HDF5
import JSON
import Models
import Reports
import Tokenization

/// `transect generate`: lets a checkpoint, or a mixture of several, write on after prompts.
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Generate text with a GPT-2, or with a mixture of several.",
    discussion: """
      One checkpoint writes as it is; of several the sum that `mix` would write is taken in memory \
      (--alpha, --base with --beta or with --plus and --minus, or --weight). Tokens are drawn from \
      the likeliest ones (--top-p). A text ends with the end of text, with --max-new tokens, or \
      where the context is full.

      A seed gives the same texts for any number of threads and any size of batches.
      """)

  @Argument(help: "The checkpoints: one, or A and B, or as many as there are weights.")
  var checkpoints: [String]

  @OptionGroup var mixing: MixingOptions
  @OptionGroup var prompts: PromptOptions
  @OptionGroup var sampling: SamplingOptions

  @Option(help: "The most tokens of a text.")
  var maxNew = 30

  @Option(name: [.customShort("n"), .long], help: "Texts for each prompt.")
  var samples = 25

  @Option(help: "The most texts that a thread writes at once.")
  var batchSize = 64

  @OptionGroup var language: LanguageModelOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try mixing.check(checkpointCount: checkpoints.count, allowsOne: true)
    guard mixing.overrides.isEmpty, !mixing.slerp else {
      throw ValidationError("--where and --slerp need a checkpoint that mix wrote")
    }
    for (name, value) in [("--max-new", maxNew), ("-n", samples), ("--batch-size", batchSize)] {
      guard value >= 1 else { throw ValidationError("\(name) must be positive") }
    }
  }

  func run() throws {
    let lists = try inputs.map { try ParameterList(openCheckpoint($0, mode: resources.io)) }
    try output.checkOutput(against: lists.map(\.checkpoint), making: command)
    let models = try language.models(lists)
    let tokenizer = try language.tokenizer(of: models)
    let (prompts, source) = try prompts.read()
    try models.model.load(models.weights.at(coefficients), threads: resources.threads)
    let generated = try texts(after: prompts, models.model, tokenizer)
    for list in lists { try list.checkpoint.verifyUnchanged() }
    let result = SamplesResult(
      generated.map { row($0, prompts, tokenizer) }, rule: sampling.rule, seed: sampling.seed,
      formula: formula, checkpoints: labels(of: inputs), coefficients: coefficients)
    try output.write { try file(result, lists, source) }
    try printing.show(
      json: [jsonHeader("generate", [("formula", jsonString(formula))])] + result.jsonLines,
      csv: result.table, text: result.lines)
  }

  /// The base, if any, then the checkpoints named.
  private var inputs: [String] { (mixing.base.map { [$0] } ?? []) + checkpoints }

  private var coefficients: [Double] {
    guard mixing.isGiven, case .linear(let coefficients) = mixing.weighting else { return [1] }
    return coefficients
  }

  private var formula: String { mixing.isGiven ? mixing.formula : "A" }

  private func texts(
    after prompts: [[UInt8]], _ model: GPT2, _ tokenizer: ByteLevelTokenizer
  ) throws -> [GeneratedText] {
    let generator = TextGenerator(
      model, rule: sampling.rule, endOfText: tokenizer.endOfText, mostTokens: maxNew,
      seed: sampling.seed)
    let granted = resources.resources(ifNotGiven: MemorySize(byteCount: 4_000_000_000))
    return try generator.texts(
      after: self.prompts.tokens(prompts, tokenizer), count: samples, threads: resources.threads,
      batchSize: batchSize, cacheByteCount: granted.scratchByteCount)
  }

  private func row(
    _ text: GeneratedText, _ prompts: [[UInt8]], _ tokenizer: ByteLevelTokenizer
  ) -> SamplesResult.Row {
    let tokens = text.finish == .stop ? text.tokens.dropLast() : text.tokens[...]
    // Models may have more rows of embeddings than there are tokens.
    let bytes = tokens.flatMap {
      tokenizer.vocabulary.bytes(of: $0).map(Array.init) ?? Array("<\($0)>".utf8)
    }
    return .init(
      prompt: String(decoding: prompts[text.prompt], as: UTF8.self),
      text: String(decoding: bytes, as: UTF8.self), generated: text)
  }

  private func file(
    _ result: SamplesResult, _ models: [ParameterList], _ source: Provenance.Input?
  ) throws -> ResultFile {
    let named = checkpoints.count == 2 && mixing.weight.isEmpty ? ["a", "b"] : []
    let roles =
      (mixing.base == nil ? [] : ["base"])
      + (named.isEmpty ? checkpoints.map { _ in "model" } : named)
    let recorded = try recordedInputs(inputs, roles, models, resources)
    return try output.resultFile(
      title: "Generated texts", command: command,
      inputs: recorded + (source.map { [$0] } ?? []), groups: result.groups())
  }

  /// What shapes the result file, in a fixed order.
  private var command: String {
    output.command(
      "generate", checkpoints,
      options: (mixing.base.map { ["--base", output.recorded($0)] } ?? []) + mixing.recorded
        + prompts.recorded(withPaths: output.recordPaths) + sampling.recorded
        + ["--max-new", "\(maxNew)", "-n", "\(samples)"] + language.recorded)
  }
}
