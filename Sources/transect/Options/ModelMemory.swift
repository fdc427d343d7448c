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
    let number = count * (models.combination == .weights ? 1 : models.checkpoints.count)
    try requireMemory(
      byteCount(of: models) * count + extra, for: number == 1 ? "one model" : "\(number) models")
  }

  /// Refuses to go on with less memory than needed, if the command line grants some.
  ///
  /// - Parameters:
  ///   - byteCount: all that is needed.
  ///   - models: what takes it, besides threads.
  /// - Throws: `ValidationError` that says how much is needed.
  func requireMemory(_ byteCount: Int, for models: String) throws {
    guard let memory, memory.byteCount < byteCount else { return }
    throw ValidationError(
      "\(models) and \(threads) threads take \(byteCount / 1_000_000 + 1)MB; grant that with "
        + "--memory")
  }

  /// The memory that keys and values of generated texts may take: what models leave of the memory
  /// granted, or 2 GB if none is.
  ///
  /// - Parameters:
  ///   - models: what is run.
  ///   - extra: bytes besides.
  /// - Returns: bytes.
  func cacheByteCount(beside models: any LanguageModelFamily, extra: Int = 0) -> Int {
    memory.map { max($0.byteCount - byteCount(of: models) - extra, 0) } ?? 2_000_000_000
  }

  /// The memory of models and of what threads take to run them.
  ///
  /// - Parameter models: what is run.
  /// - Returns: bytes.
  func byteCount(of models: any LanguageModelFamily) -> Int {
    models.byteCount + models.scratchByteCount(positions: 1024) * threads
  }
}
