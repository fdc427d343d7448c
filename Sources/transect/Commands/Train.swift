import ArgumentParser
import Checkpoints
import HDF5
import JSON
import Reports
import Tokenization
import Training

/// `transect train`: trains a GPT-2 on a text, from a checkpoint or from scratch.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a GPT-2: fine-tune a checkpoint, or begin from scratch.",
    discussion: """
      Minimizes the mean negative log-likelihood of the text's tokens with AdamW; weight decay applies \
      to matrices and embeddings, neither to biases nor to normalizations. The text is cut into windows \
      that are taken in another order in each pass over it.

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
  @OptionGroup var training: TrainingOptions

  @Option(help: "Steps from one state that is kept on disk to the next.")
  var saveEvery = 100

  @Option(help: "Also write the loss of each step to this HDF5 file.")
  var log: String?

  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: CheckpointOutputOptions

  func validate() throws {
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
    let plan = try training.plan(source.settings)
    let kept = try TrainingFolder(keptPath, run: run(inputs), discardingOthers: output.force)
    let trainer = Trainer(
      try source.parameters(seed: plan.seed, threads: resources.threads), plan: plan,
      text: texts.training, validation: texts.validation, threads: resources.threads)
    try source.checkpoint?.checkpoint.verifyUnchanged()
    try kept.restore(trainer)
    try train(trainer, keeping: kept)
    let result = TrainResult(
      try kept.steps(trainer.progress.step), plan: plan, best: trainer.progress.best)
    try kept.restoreBest(trainer)
    try publish(trainer, source, result, inputs)
    kept.remove()
    try printing.show(
      json: [jsonHeader("train")] + result.jsonLines, csv: result.table,
      text: result.lines + ["written: \(output.output.escapedForTerminal)"])
  }

  /// Where a run is kept until it is done.
  private var keptPath: String {
    let isFolderWithSlash = output.output.count > 1 && output.output.hasSuffix("/")
    return (isFolderWithSlash ? String(output.output.dropLast()) : output.output) + ".training"
  }

  /// Opens what training begins with, and refuses what cannot be done before any work.
  private func open() throws -> TrainingSource {
    let source = try self.source.open(resources)
    try output.check(
      against: source.checkpoint.map { [$0.checkpoint] } ?? [], isBegun: isFolder(keptPath))
    if let log { try checkOutput(log, against: source.checkpoint.map { [$0.checkpoint] } ?? []) }
    try requireMemory(source)
    return source
  }

  private func train(_ trainer: Trainer, keeping kept: TrainingFolder) throws {
    let progress = TrainingProgressLine(trainer)
    defer { progress.end() }
    while !trainer.isDone {
      let step: TrainingStep
      do {
        step = try trainer.advance()
      } catch let error as TrainingError {
        throw error.reason == .nonfinite ? stopped(error, trainer, kept) : error
      }
      kept.append(step)
      if trainer.isBest { try kept.saveBest(trainer) }
      if trainer.progress.step % saveEvery == 0 { try kept.save(trainer) }
      progress.advance(step)
    }
    try kept.save(trainer)
  }

  private func stopped(
    _ error: TrainingError, _ trainer: Trainer, _ kept: TrainingFolder
  ) -> TrainingError {
    let last = trainer.progress.step / saveEvery * saveEvery
    let state = last > 0 ? "the state after step \(last) is kept in \(kept.path)" : "none was kept"
    return TrainingError(.nonfinite, in: error.path, "\(error.detail); \(state)")
  }

  private func publish(
    _ trainer: Trainer, _ source: TrainingSource, _ result: TrainResult,
    _ inputs: [Provenance.Input]
  ) throws {
    try output.write(carrying: source.companions, configuration: source.configurationText) { path in
      try writeCheckpoint(trainer.parameters, to: path, naming: source.storedName)
    }
    guard let log else { return }
    let provenance = Provenance(
      command: (["transect", "train"] + recorded).joined(separator: " "), inputs: inputs,
      recordsPaths: false)
    try ResultFile(title: "Training of a language model", groups: result.groups(), provenance)
      .write(to: log, force: output.force)
  }

  private func requireMemory(_ source: TrainingSource) throws {
    let length = try training.length(for: source.configuration)
    let needed = Trainer.byteCount(source.configuration, positions: training.batch * length)
    guard let memory = resources.memory, memory.byteCount < needed else { return }
    throw ValidationError(
      "model and batch take \(needed / 1_000_000 + 1)MB; grant that with --memory, or take a smaller "
        + "--batch and a larger --accumulate")
  }

  private func read(
    _ source: TrainingSource
  ) throws -> (training: TrainingText, validation: TrainingText?, inputs: [Provenance.Input]) {
    let (tokenizer, length) = (
      try source.tokenizer(), try training.length(for: source.configuration)
    )
    var (encoder, inputs) = (tokenizer.encoder(), [Provenance.Input]())
    func documents(_ path: String, role: String) throws -> [[Int32]] {
      let bytes = try TextInput(path).rest()
      inputs.append(.init(label: baseName(path), role: role, path: path, bytes: bytes))
      var (documents, ids) = (layout.documents(in: bytes, of: path), [[Int32]]())
      while let document = try documents.next() { ids.append(encoder.encode(document.text)) }
      return ids
    }
    func joined(_ documents: [[Int32]], _ path: String) throws -> TrainingText {
      try TrainingText(
        documents: documents, endOfText: tokenizer.endOfText, length: length, seed: training.seed,
        path: path)
    }
    let text = try joined(
      self.text.flatMap { try documents($0, role: "data") }, self.text.joined(separator: ", "))
    let validation = try valid.map { try joined(documents($0, role: "eval"), $0) }
    return (text, validation, inputs)
  }

  /// What tells a run from others: its inputs, and the options that change its results.
  private func run(_ inputs: [Provenance.Input]) -> String {
    let facts =
      inputs.map { "\($0.role) \($0.digest)" } + training.recorded + layout.recorded
      + source.recorded(withPaths: false)
    return ContentDigest(ofBytes: Array(facts.joined(separator: "\n").utf8)).description
  }

  private var recorded: [String] {
    source.recorded(withPaths: false)
      + text.flatMap { ["--text", recordedPath($0, whole: false)] }
      + (valid.map { ["--valid", recordedPath($0, whole: false)] } ?? [])
      + layout.recorded + training.recorded
  }
}
