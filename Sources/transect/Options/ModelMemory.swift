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
    guard let memory, memory.byteCount < least else { return }
    throw ValidationError(
      "\(count == 1 ? "one model" : "\(count) models") and \(threads) threads take "
        + "\(least / 1_000_000 + 1)MB; grant that with --memory")
  }
}
