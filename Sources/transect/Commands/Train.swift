import ArgumentParser
import Checkpoints
import HDF5
import JSON
import Models
import Reports
import Tokenization
import Training

/// `transect train`: trains a model on texts, from a checkpoint or from scratch.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Train a GPT-2, or a classifier of texts: fine-tune a checkpoint, or begin from scratch.",
    discussion: """
      Minimizes the mean negative log-likelihood of the text's tokens with AdamW; weight decay applies \
      to matrices and embeddings, neither to biases nor to normalizations. The text is cut into windows \
      that are taken in another order in each pass over it.

      With --labels, or from a classifier, it is trained to tell classes apart: on JSON lines with \
      members text and label (--field, --label-field), on columns (--tsv), or on --trees. Classifiers \
      are GPT-2s, or RoBERTas and BERTs, of which the checkpoint may be the encoder alone or a masked \
      language model.

      With --valid the weights written are those of the least validation loss. Results are the same \
      bits for any number of threads. What a run has done so far is kept beside the output \
      (OUTPUT.training): after a kill or a crash the same command goes on from there, and ends with \
      the same bits as a run in one piece.
      """)

  @OptionGroup var source: TrainingSourceOptions

  @Option(help: "The text to train on; may be repeated.")
  var text: [String]

  @Option(help: "A text whose loss is measured between steps.")
  var valid: String?

  @OptionGroup var layout: TextOptions
  @OptionGroup var classification: ClassificationOptions
  @OptionGroup var training: TrainingOptions

  @Option(help: "Steps from one state that is kept on disk to the next.")
  var saveEvery = 100

  @Option(
    help: """
      Also write the weights after these steps, as 0,100,1000, as checkpoints of their own beside the \
      output: OUTPUT-step-100. Step 0 is the beginning.
      """)
  var keepAt: KeptSteps?

  @Option(help: "Also write the loss of each step to this HDF5 file.")
  var log: String?

  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: CheckpointOutputOptions

  func validate() throws {
    guard training.grid.isEmpty || valid != nil else {
      throw ValidationError("--grid needs --valid, whose loss tells which run is best")
    }
    guard training.patience == nil || valid != nil else {
      throw ValidationError("--patience needs --valid, whose loss it looks at")
    }
    guard keepAt == nil || training.grid.isEmpty else {
      throw ValidationError("--keep-at is of one run, and --grid of several")
    }
    guard keepAt?.steps.allSatisfy({ $0 <= training.steps }) ?? true else {
      throw ValidationError("--keep-at has a step after the last, \(training.steps)")
    }
    guard !text.isEmpty else { throw ValidationError("name a text with --text") }
    guard saveEvery >= 1 else { throw ValidationError("--save-every must be positive") }
    guard log.map({ !$0.isEmpty && $0 != "-" }) ?? true else {
      throw ValidationError("an HDF5 file cannot go to standard output; name a file")
    }
  }

  func run() throws {
    let source = try open()
    let texts = try read(source)
    let inputs = source.inputs + texts.inputs
    let runs = try runs(source, texts, inputs)
    var results: [TrainResult] = []
    var session: TrainingRun.Session?
    for run in runs {
      session = nil  // memory of one at a time
      let opened = try run.open()
      results.append(try run.finish(opened))
      session = opened
    }
    let best = TrainResult.best(of: results)
    guard runs.count == 1 || results[best].hasValidation else {
      throw TrainingError(
        .nonfinite, in: "--grid", "the loss of each run is NaN or infinite at some step")
    }
    if best != runs.count - 1 { session = nil }
    let winner = try session ?? runs[best].open()
    try winner.kept.restoreBest(winner.trainer)
    let result = TrainReport(results, best: best)
    try publish(winner.trainer, source, result, inputs)
    winner.kept.remove()
    for run in runs where runs.count > 1 { TrainingFolder.remove(run.folder) }
    try printing.show(
      json: [jsonHeader("train")] + result.jsonLines, csv: result.table,
      text: result.lines + ["written: \(output.output.escapedForTerminal)"])
  }

  private func runs(
    _ source: TrainingSource, _ texts: TrainingTexts,
    _ inputs: [Provenance.Input]
  ) throws -> [TrainingRun] {
    let variants = training.variants
    return try variants.enumerated().map { index, options in
      TrainingRun(
        source: source, texts: texts, plan: try options.plan(source.model, source.settings),
        folder: keptPath + (variants.count == 1 ? "" : "-\(index + 1)"),
        identity: identity(inputs, options), threads: resources.threads, saveInterval: saveEvery,
        discardsOthers: output.force, keep: { try keep($0, source) },
        mayFail: variants.count > 1, warn: printing.warn)
    }
  }

  /// Where a run is kept until it is done.
  private var keptPath: String {
    let isFolderWithSlash = output.output.count > 1 && output.output.hasSuffix("/")
    return (isFolderWithSlash ? String(output.output.dropLast()) : output.output) + ".training"
  }

  /// Opens what training begins with, and refuses what cannot be done before any work.
  private func open() throws -> TrainingSource {
    let source = try self.source.open(labels: classification.labels?.names, resources)
    guard source.classifier != nil || !classification.areGiven else {
      throw ValidationError("the model tells no classes apart; name them with --labels")
    }
    if source.classifier != nil { _ = try classification.layout(layout, phrases: false) }
    let inputs = source.checkpoint.map { [$0.checkpoint] } ?? []
    for place in [output] + (keepAt?.steps.sorted() ?? []).map(output.after(step:)) {
      try place.check(
        against: inputs, isBegun: isFolder(keptPath) || isFolder(keptPath + "-1"))
    }
    try checkLog(against: inputs)
    try requireMemory(source)
    return source
  }

  /// Refuses a log that is there with other content, or is the output itself.
  private func checkLog(against inputs: [any Checkpoint]) throws {
    guard let log else { return }
    guard log != output.output, log != output.file else {
      throw ValidationError("--log and --output are one file")
    }
    try checkOutput(log, against: inputs)
    try checkResult(log, force: output.force, making: command)
  }

  private var command: String { (["transect", "train"] + recorded).joined(separator: " ") }

  private func publish(
    _ trainer: Trainer, _ source: TrainingSource, _ result: TrainReport,
    _ inputs: [Provenance.Input]
  ) throws {
    try write(trainer.parameters, source, to: output)
    guard let log else { return }
    let provenance = Provenance(
      command: command, inputs: inputs, recordsPaths: false)
    try ResultFile(
      title: "Training of a \(source.classifier == nil ? "language model" : "classifier")",
      groups: result.groups(), provenance
    )
    .write(to: log, force: output.force)
  }

  /// Writes the weights of a step that is to be kept.
  private func keep(_ trainer: Trainer, _ source: TrainingSource) throws {
    let step = trainer.progress.step
    guard keepAt?.steps.contains(step) ?? false else { return }
    try write(trainer.parameters, source, to: output.after(step: step))
  }

  private func write(
    _ parameters: ModelParameters, _ source: TrainingSource, to place: CheckpointOutputOptions
  ) throws {
    try place.write(carrying: source.companions, configuration: source.configurationText) { path in
      try writeCheckpoint(parameters, to: path, naming: source.storedName)
    }
  }

  private func requireMemory(_ source: TrainingSource) throws {
    let length = try training.length(for: source.model)
    let batch = training.variants.map(\.batch).max() ?? training.batch
    let needed = Trainer.byteCount(source.model, positions: batch * length)
    let memory = resources.memory ?? .ofMachine
    guard memory.byteCount < needed else { return }
    throw ValidationError(
      "model and batch take \(needed / 1_000_000 + 1)MB, more than the \(memory) "
        + "\(resources.memory == nil ? "of this machine" : "of --memory"); take a smaller --batch and a "
        + "larger --accumulate")
  }

  private func read(_ source: TrainingSource) throws -> TrainingTexts {
    try TrainingTextReader(
      source: source, layout: layout, classification: classification,
      length: training.length(for: source.model), seed: training.seed,
      warn: printing.warn
    ).read(text, valid: valid)
  }

  /// What tells a run from others: its inputs, and the options that change its results.
  private func identity(_ inputs: [Provenance.Input], _ options: TrainingOptions) -> String {
    let facts =
      inputs.map { "\($0.role) \($0.digest)" } + options.recorded + layout.recorded
      + classification.recorded + source.recorded(withPaths: false)
    return ContentDigest(ofBytes: Array(facts.joined(separator: "\n").utf8)).description
  }

  private var recorded: [String] {
    source.recorded(withPaths: false)
      + text.flatMap { ["--text", recordedPath($0, whole: false)] }
      + (valid.map { ["--valid", recordedPath($0, whole: false)] } ?? [])
      + layout.recorded + classification.recorded + training.recorded
  }
}
