import ArgumentParser
import Evaluation

extension ResourceOptions {
  /// Refuses to run models in less memory than they take, if the command line grants some.
  ///
  /// - Parameters:
  ///   - models: what is run.
  ///   - count: how many times they are in memory.
  ///   - extra: bytes besides.
  /// - Throws: `ValidationError` that says how much is needed.
  func requireMemory(
    for models: any LanguageModelFamily, count: Int = 1, extra: Int = 0
  ) throws {
    let least = byteCount(of: models) * count + extra
    guard let memory, memory.byteCount < least else { return }
    let number = count * (models.combination == .weights ? 1 : models.checkpoints.count)
    throw ValidationError(
      "\(number == 1 ? "one model" : "\(number) models") and \(threads) threads take "
        + "\(least / 1_000_000 + 1)MB; grant that with --memory")
  }

  /// The memory that keys and values of generated texts may take: what models leave of the memory
  /// granted, or 2 GB if none is.
  ///
  /// - Parameter models: what is run.
  /// - Returns: bytes.
  func cacheByteCount(beside models: any LanguageModelFamily) -> Int {
    memory.map { max($0.byteCount - byteCount(of: models), 0) } ?? 2_000_000_000
  }

  private func byteCount(of models: any LanguageModelFamily) -> Int {
    models.byteCount + models.scratchByteCount(positions: 1024) * threads
  }
}
