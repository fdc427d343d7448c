/// Some of the texts that follow a prompt.
public struct TextBlock: Hashable, Sendable {
  /// Which prompt, from 0.
  public let prompt: Int
  /// Which of its texts, from 0.
  public let samples: Range<Int>

  /// Names texts.
  ///
  /// - Parameters:
  ///   - prompt: which they follow, from 0.
  ///   - samples: which of the prompt's texts they are.
  public init(prompt: Int, samples: Range<Int>) {
    (self.prompt, self.samples) = (prompt, samples)
  }
}
