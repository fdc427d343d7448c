import ArgumentParser
import Tokenization

/// `transect tokenizer encode`: the token ids of documents.
struct TokenizerEncode: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "Print the token ids of documents, a line for each.",
    discussion: """
      A file that ends in .jsonl holds a document a line, in the member text; any other is one \
      document, whatever bytes it has. Special tokens are not looked for in texts.
      """)

  @Argument(help: "The folder of the model.")
  var model: String

  @Argument(help: "Text files; - is standard input.")
  var files: [String]

  @OptionGroup var text: TextOptions

  @Flag(help: "Put <s> before and </s> after each document, as RoBERTa has it.")
  var sequenceMarks = false

  @Flag(help: "Print how many tokens each document has, instead of the tokens.")
  var count = false

  @Flag(help: "Merge every word anew, which takes longer and gives the same tokens.")
  var noCache = false

  @Flag(help: "Print JSON lines: {\"ids\": [...]}, or {\"tokens\": n} with --count.")
  var json = false

  private static let flushByteCount = 1 << 20

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("name at least one file of text") }
  }

  func run() throws {
    let tokenizer = try TokenizerFolder(model).tokenizer()
    let marks = sequenceMarks ? tokenizer.sequenceMarks : nil
    guard !sequenceMarks || marks != nil else {
      throw TokenizationError(
        .unsupported, in: tokenizer.vocabulary.path, "has no <s> and </s> for --sequence-marks")
    }
    var (encoder, output) = (tokenizer.encoder(remembersWords: !noCache), [UInt8]())
    for file in files {
      var documents = try text.documents(of: file)
      while let document = try documents.next() {
        let ids = encoder.encode(document.text)
        append(marks.map { [$0.start] + ids + [$0.end] } ?? ids, to: &output)
        try flush(&output, above: TokenizerEncode.flushByteCount)
      }
    }
    try flush(&output, above: 0)
  }

  private func append(_ ids: [Int32], to output: inout [UInt8]) {
    switch (json, count) {
    case (true, false): TokenLine.append(ids, to: &output)
    case (true, true): output += "{\"tokens\": \(ids.count)}\n".utf8
    case (false, true): output += "\(ids.count)\n".utf8
    case (false, false):
      TokenLine.append(ids, separator: " ", to: &output)
      output.append(UInt8(ascii: "\n"))
    }
  }

  private func flush(_ output: inout [UInt8], above byteCount: Int) throws {
    guard output.count > byteCount else { return }
    try printBytes(output)
    output.removeAll(keepingCapacity: true)
  }
}
