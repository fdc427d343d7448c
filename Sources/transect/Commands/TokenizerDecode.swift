import ArgumentParser
import JSON
import Tokenization

/// `transect tokenizer decode`: the text that token ids stand for.
struct TokenizerDecode: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Print the text of token ids.",
    discussion: """
      Reads JSON lines with a member ids, as encode --json prints them. Without --json, the bytes are \
      printed as they are, with a line feed between two documents and none after the last: one \
      document comes back exactly.
      """)

  @Argument(help: "The folder of the model.")
  var model: String

  @Argument(help: "Files of JSON lines; - is standard input.")
  var files: [String]

  @Flag(help: "Print JSON lines: {\"text\": ...}. Bytes that are not UTF-8 become U+FFFD.")
  var json = false

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("name at least one file of token ids") }
  }

  func run() throws {
    let tokenizer = try TokenizerFolder(model).tokenizer()
    var isFirst = true
    for file in files {
      let input = try TextInput(file)
      var lines = TextDocuments(.lines, path: input.path) { try input.chunk() }
      while let line = try lines.next() {
        let ids = try TokenLine.ids(in: line.text, path: input.path, line: line.line)
        try printText(try tokenizer.decode(ids), isFirst: isFirst)
        isFirst = false
      }
    }
  }

  private func printText(_ text: [UInt8], isFirst: Bool) throws {
    guard json else { return try printBytes((isFirst ? [] : [UInt8(ascii: "\n")]) + text) }
    let content = jsonString(String(decoding: text, as: UTF8.self))
    try printLines(["{\"text\": \(content)}"])
  }
}
