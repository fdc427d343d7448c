import Checkpoints
import Evaluation
import Generation
import Models
import Reports
import Tokenization

/// Prompts that were read.
struct ReadPrompts {
  /// What each reads as.
  let texts: [[UInt8]]
  /// What they were read from, if it is a file.
  let source: Provenance.Input?
  /// Where they were given, for messages.
  let place: String

  /// Takes the prompt that is an option.
  init(option prompt: String) { (texts, source, place) = ([Array(prompt.utf8)], nil, "--prompt") }

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: the file, or `-` for standard input.
  ///   - documents: finds prompts in its bytes.
  /// - Throws: `CheckpointError` or `TokenizationError` if it cannot be read.
  init(of path: String, _ documents: ([UInt8]) -> TextDocuments) throws {
    let input = try TextInput(path)
    let bytes = try input.rest()
    var (documents, texts) = (documents(bytes), [[UInt8]]())
    while let document = try documents.next() { texts.append(document.text) }
    source = .init(label: "prompts", role: "data", path: path, bytes: bytes)
    (self.texts, place) = (texts, input.path)
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
  ///   - family: makes tokens, and is to read them.
  /// - Throws: `CheckpointError` if there are no prompts; `ModelError` if one exceeds the context, or
  ///   is empty where there is no end of text.
  init(_ prompts: ReadPrompts, bos: Bool, _ family: OpenedFamily) throws {
    (texts, source) = (prompts.texts, prompts.source)
    tokenizer = family.tokenizer
    var encoder = tokenizer.encoder()
    let start = bos ? tokenizer.endOfText.map { [$0] } ?? [] : []
    tokens = texts.map { start + encoder.encode($0) }
    try requireReadable(by: family.models, from: prompts.place)
  }

  /// Finds what cannot be read before any work is done.
  private func requireReadable(by models: any LanguageModelFamily, from place: String) throws {
    guard !tokens.isEmpty else {
      throw CheckpointError(.incomplete, in: place, "has no prompts")
    }
    for (number, prompt) in tokens.enumerated() {
      guard !prompt.isEmpty || tokenizer.endOfText != nil else {
        throw ModelError(
          .unusableTokens, in: place,
          "prompt \(number) is empty, and there is no end of text to begin with")
      }
      guard prompt.count <= models.contextLength else {
        throw ModelError(
          .unusableTokens, in: place,
          "prompt \(number) has \(prompt.count) tokens to read, but the context holds "
            + "\(models.contextLength)")
      }
    }
  }

  /// The prompts as they are reported.
  var readings: [String] { texts.map { String(decoding: $0, as: UTF8.self) } }

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
