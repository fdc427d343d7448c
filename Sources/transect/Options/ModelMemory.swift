import ArgumentParser
import Models

extension ResourceOptions {
  /// Refuses to run a model in less memory than it takes, if the command line grants some.
  ///
  /// - Parameters:
  ///   - model: of the size of all.
  ///   - count: how many models are in memory.
  ///   - extra: bytes besides.
  /// - Throws: `ValidationError` that says how much is needed.
  func requireMemory(for model: GPT2, count: Int = 1, extra: Int = 0) throws {
    let least =
      model.byteCount * count + model.scratchByteCount(positions: 1024) * threads * count + extra
    try requireMemory(least, for: count == 1 ? "one model" : "\(count) models")
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
}
