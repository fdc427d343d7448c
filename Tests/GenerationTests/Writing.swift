import Generation
import Models

extension TextGenerator {
  /// Texts after all prompts.
  func texts(
    of model: some CausalLanguageModel, after prompts: [[Int32]], count: Int, threads: Int,
    batchSize: Int = 64, cacheByteCount: Int = 1 << 31
  ) throws -> [GeneratedText] {
    try texts(
      of: model, after: prompts[...], count: count,
      using: .init(threads: threads, batchSize: batchSize, cacheByteCount: cacheByteCount))
  }
}
