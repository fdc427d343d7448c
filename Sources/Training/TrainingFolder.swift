import Checkpoints
import Glibc
import Journals
import Models
import Tensors

/// What a run of training keeps on disk until it is done, so that the same command goes on where it was
/// stopped, at whatever moment that was.
///
/// Weights, moments and progress are one file, which is replaced as a whole. Steps are lines of a
/// journal, which is written before progress is; steps after it are taken again, with the same results. The weights
/// of the least validation loss are a file of their own, named for their step.
public final class TrainingFolder {
  /// The folder.
  public let path: String
  private let run: String
  private let journal: Journal
  /// Steps that are not on disk yet.
  private var pending: [TrainingStep] = []
  /// The step whose state is kept, if there is a state.
  public private(set) var keptStep: Int?

  private var statePath: String { path + "/state.safetensors" }

  /// Opens the folder of a run, or begins one.
  ///
  /// - Parameters:
  ///   - path: the folder; created if need be.
  ///   - run: what tells this run from others.
  ///   - discardingOthers: whether what another run has kept goes, instead of being an error.
  /// - Throws: `OutputError` if the folder is of another run, another process works on it, or it
  ///   cannot be written.
  public init(_ path: String, run: String, discardingOthers: Bool) throws {
    (self.path, self.run) = (path, run)
    journal = try Journal(in: path, run: run, discardingOthers: discardingOthers)
    TrainingFolder.removeFiles(in: path) { $0.hasSuffix(".partial") }
  }

  /// Takes note of a step that was taken, to be on disk with the next state.
  ///
  /// - Parameter step: the step.
  public func append(_ step: TrainingStep) { pending.append(step) }

  /// The steps up to a state that was kept, in order.
  ///
  /// - Parameter count: how many.
  /// - Returns: steps 1 to `count`.
  /// - Throws: ``TrainingError`` if one is missing or malformed.
  public func steps(_ count: Int) throws -> [TrainingStep] {
    try (0..<count).map { index in
      let step = journal.rows["\(index + 1)"].flatMap { TrainingStep(number: index + 1, json: $0) }
      guard let step else {
        throw TrainingError(.malformed, in: path, "has no step \(index + 1) of \(count)")
      }
      return step
    }
  }

  /// Keeps the steps so far, weights, moments and progress.
  ///
  /// - Parameter trainer: whose.
  /// - Throws: `OutputError` if they cannot be written; what was kept before is still there then.
  public func save(_ trainer: Trainer) throws {
    try journal.append(pending.map { ("\($0.number)", $0.json) })
    pending = []
    try StoredParameters.write(
      TrainingFolder.parts(of: trainer), metadata: [("run", run)] + trainer.progress.metadata,
      to: statePath)
    keptStep = trainer.progress.step
    let best = trainer.progress.best.map { TrainingFolder.bestName($0.step) }
    TrainingFolder.removeFiles(in: path) { $0.hasPrefix("best-") && $0 != best }
  }

  /// Keeps the weights as those of the least validation loss so far.
  ///
  /// - Parameter trainer: whose weights are.
  /// - Throws: `OutputError` if they cannot be written.
  public func saveBest(_ trainer: Trainer) throws {
    try StoredParameters.write(
      [("", trainer.parameters)], metadata: [],
      to: path + "/" + TrainingFolder.bestName(trainer.progress.step))
  }

  /// Fills a trainer with what was kept last, if anything was.
  ///
  /// - Parameter trainer: at its beginning.
  /// - Throws: ``TrainingError`` of the kind `malformed` if it is damaged: weights may be anything
  ///   then, and ``forget()`` makes way for a new beginning.
  public func restore(_ trainer: Trainer) throws {
    guard access(statePath, F_OK) == 0 else { return }
    do { try readState(into: trainer) } catch let error as CheckpointError {
      throw TrainingError(.malformed, in: error.path, error.detail)
    }
  }

  /// Removes a state that cannot be read. Steps of the journal stay: taken again, they are the same.
  public func forget() { TrainingFolder.removeFiles(in: path) { TrainingFolder.isState($0) } }

  private func readState(into trainer: Trainer) throws {
    let file = try SafetensorsFile(statePath, mode: .pread)
    let metadata = Dictionary(file.metadata.map { ($0.key, $0.value) }) { first, _ in first }
    // The journal has no line of another run, but may have lost its own.
    guard metadata["run"] == run else {
      unlink(statePath)
      return
    }
    guard let progress = TrainingProgress(metadata) else {
      throw TrainingError(.malformed, in: statePath, "does not say which step it is of")
    }
    _ = try steps(progress.step)
    if let best = progress.best, best.step != progress.step { _ = try bestFile(best.step) }
    try StoredParameters.read(TrainingFolder.parts(of: trainer), from: file)
    trainer.resume(at: progress)
    keptStep = progress.step
  }

  private func bestFile(_ step: Int) throws -> SafetensorsFile {
    try SafetensorsFile(path + "/" + TrainingFolder.bestName(step), mode: .pread)
  }

  /// Replaces a trainer's weights by those of the least validation loss, if there was a validation.
  ///
  /// - Parameter trainer: at its end.
  /// - Throws: ``TrainingError`` or `CheckpointError` if they cannot be read.
  public func restoreBest(_ trainer: Trainer) throws {
    guard let best = trainer.progress.best, !trainer.isBest else { return }
    try StoredParameters.read([("", trainer.parameters)], from: bestFile(best.step))
  }

  /// Removes everything, once the weights are where they belong.
  public func remove() {
    forget()
    journal.remove()
  }

  /// Removes what a run that is done has kept.
  ///
  /// - Parameter path: its folder, which need not be there.
  public static func remove(_ path: String) {
    removeFiles(in: path) { isState($0) || $0.hasSuffix(".jsonl") }
    rmdir(path)
  }

  private static func isState(_ name: String) -> Bool {
    name == "state.safetensors" || name.hasPrefix("best-") || name.hasSuffix(".partial")
  }

  private static func removeFiles(in path: String, where isUnwanted: (String) -> Bool) {
    for name in (fileNames(in: path) ?? []).filter(isUnwanted) { unlink(path + "/" + name) }
  }

  private static func bestName(_ step: Int) -> String { "best-\(step).safetensors" }

  private static func parts(of trainer: Trainer) -> [StoredParameters.Part] {
    [
      ("weights.", trainer.parameters), ("first.", trainer.optimizer.firstMoments),
      ("second.", trainer.optimizer.secondMoments),
    ]
  }
}

/// Writes the weights of a run as a checkpoint.
///
/// - Parameters:
///   - parameters: the weights; in F32.
///   - path: the safetensors file.
///   - name: the name to store each tensor under, given its canonical one.
/// - Throws: `OutputError` if it cannot be written.
public func writeCheckpoint(
  _ parameters: ModelParameters, to path: String, naming name: (TensorName) -> TensorName
) throws {
  try StoredParameters.write(
    [("", parameters)], metadata: [("format", "pt")], to: path, naming: name)
}
