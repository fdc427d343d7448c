/// What a model wrote after a prompt.
public struct GeneratedText: Hashable, Sendable {
  /// Why it ends.
  public enum Finish: String, CaseIterable, Sendable {
    /// The model ended the text.
    case stop
    /// It has as many tokens as asked for, or the context is full.
    case length
  }

  /// Which prompt it follows, from 0.
  public let prompt: Int
  /// Which of the prompt's texts it is, from 0.
  public let sample: Int
  /// What was drawn, with the end of text if the model ended it.
  public internal(set) var tokens: [Int32] = []
  /// Why it ends.
  public internal(set) var finish: Finish?
  /// Σ log p(token | all before it) over ``tokens``, in nats: the model's own, at temperature 1 and
  /// with the whole vocabulary.
  public internal(set) var logProbability = 0.0

  init(prompt: Int, sample: Int) { (self.prompt, self.sample) = (prompt, sample) }

  /// Describes a finished text.
  ///
  /// - Parameters:
  ///   - prompt: which it follows, from 0.
  ///   - sample: which of the prompt's texts it is, from 0.
  ///   - tokens: what was drawn.
  ///   - finish: why it ends.
  ///   - logProbability: Σ log p, in nats.
  public init(
    prompt: Int, sample: Int, tokens: [Int32], finish: Finish, logProbability: Double
  ) {
    (self.prompt, self.sample, self.tokens) = (prompt, sample, tokens)
    (self.finish, self.logProbability) = (finish, logProbability)
  }
}
