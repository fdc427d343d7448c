import Generation
import Reports
import Tokenization

/// Prompts that were read.
struct ReadPrompts {
  /// What each reads as.
  let texts: [[UInt8]]
  /// What they were read from, if it is a file.
  let source: Provenance.Input?

  /// Takes prompts as they are.
  init(texts: [[UInt8]], source: Provenance.Input?) { (self.texts, self.source) = (texts, source) }

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: the file, or `-` for standard input.
  ///   - documents: finds prompts in its bytes.
  /// - Throws: `CheckpointError` or `TokenizationError` if it cannot be read.
  init(of path: String, _ documents: ([UInt8]) -> TextDocuments) throws {
    let bytes = try TextInput(path).rest()
    var (documents, texts) = (documents(bytes), [[UInt8]]())
    while let document = try documents.next() { texts.append(document.text) }
    self.init(
      texts: texts, source: .init(label: "prompts", role: "data", path: path, bytes: bytes))
  }
}

/// Prompts that were read, as text and as tokens.
struct TokenizedPrompts {
  /// Tokens of each.
  let tokens: [[Int32]]
  /// What they were read from, if it is a file.
  let source: Provenance.Input?
  private let texts: [[UInt8]]
  private let tokenizer: ByteLevelTokenizer

  /// Makes tokens.
  ///
  /// - Parameters:
  ///   - prompts: what was read.
  ///   - bos: whether the end-of-text token precedes each.
  ///   - tokenizer: makes tokens.
  init(_ prompts: ReadPrompts, bos: Bool, _ tokenizer: ByteLevelTokenizer) {
    (texts, source) = (prompts.texts, prompts.source)
    var encoder = tokenizer.encoder()
    let start = bos ? tokenizer.endOfText.map { [$0] } ?? [] : []
    tokens = texts.map { start + encoder.encode($0) }
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
