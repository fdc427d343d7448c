/// How much of the machine may be used to write texts.
public struct GenerationResources: Hashable, Sendable {
  /// How many threads work at once.
  public let threads: Int
  /// The most texts that a thread writes at once.
  public let batchSize: Int
  /// What keys and values of all threads may take, unless one text needs more.
  public let cacheByteCount: Int

  /// Describes resources.
  ///
  /// - Parameters:
  ///   - threads: at least 1.
  ///   - batchSize: at least 1.
  ///   - cacheByteCount: bytes.
  public init(threads: Int, batchSize: Int = 64, cacheByteCount: Int = 1 << 31) {
    (self.threads, self.batchSize) = (threads, batchSize)
    self.cacheByteCount = cacheByteCount
  }
}
