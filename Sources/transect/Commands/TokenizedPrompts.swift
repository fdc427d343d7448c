import Generation
import Reports
import Tokenization

/// Prompts that were read, as text and as tokens.
struct TokenizedPrompts {
  /// Tokens of each.
  let tokens: [[Int32]]
  /// What they were read from, if it is a file.
  let source: Provenance.Input?
  private let texts: [[UInt8]]
  private let tokenizer: ByteLevelTokenizer

  /// Reads prompts.
  ///
  /// - Parameters:
  ///   - options: where they are.
  ///   - tokenizer: makes tokens.
  /// - Throws: `CheckpointError` or `TokenizationError` if they cannot be read.
  init(_ options: PromptOptions, _ tokenizer: ByteLevelTokenizer) throws {
    (texts, source) = try options.read()
    tokens = options.tokens(texts, tokenizer)
    self.tokenizer = tokenizer
  }

  /// A text as it is reported.
  ///
  /// - Parameters:
  ///   - text: what a model wrote.
  ///   - point: the number of the model's point.
  /// - Returns: a row.
  func row(_ text: GeneratedText, point: Int) -> SamplesResult.Row {
    let tokens = text.finish == .stop ? text.tokens.dropLast() : text.tokens[...]
    // Models may have more rows of embeddings than there are tokens.
    let bytes = tokens.flatMap {
      tokenizer.vocabulary.bytes(of: $0).map(Array.init) ?? Array("<\($0)>".utf8)
    }
    return .init(
      point: point, prompt: String(decoding: texts[text.prompt], as: UTF8.self),
      text: String(decoding: bytes, as: UTF8.self), generated: text)
  }
}
