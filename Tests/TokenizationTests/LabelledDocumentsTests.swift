import Testing
import Tokenization

@Suite struct LabelledDocumentsTests {
  /// Labels and texts of a file that comes in chunks of some bytes.
  private func documents(
    _ layout: LabelledLayout, _ text: String, chunk: Int = 1000
  ) throws -> [String] {
    var rest = Array(text.utf8)[...]
    var stream = LabelledDocuments(layout, path: "f.txt", byteLimit: 1000) {
      defer { rest = rest.dropFirst(chunk) }
      return Array(rest.prefix(chunk))
    }
    var result: [LabelledDocument] = []
    while let found = try stream.next() { result += found }
    return result.map { "\($0.line) \($0.label): \(String(decoding: $0.text, as: UTF8.self))" }
  }

  @Test("Classes of JSON lines are names or numbers", arguments: [1, 3, 1000])
  func jsonLines(chunk: Int) throws {
    let text = """
      {"label": "good", "text": "a"}

      {"text": "b\\n", "label": 2}
      """
    let layout = LabelledLayout.jsonLines(text: "text", label: "label")
    #expect(try documents(layout, text, chunk: chunk) == ["1 good: a", "3 2: b\n"])
  }

  @Test("Columns of a table are taken by their numbers, empty ones too")
  func columns() throws {
    let layout = LabelledLayout.tabSeparated(text: 4, label: 2)
    let text = "gj04\t1\t\tOne is here.\r\n\ngj04\t0\t*\tHere one are.\n"
    #expect(try documents(layout, text) == ["1 1: One is here.", "3 0: Here one are."])
  }

  @Test("Of a tree every phrase has a class, and the sentence is the last")
  func trees() throws {
    let text = "(3 (2 It) (4 (1 does)(2 (0 n't) (2 work))))\n(1 c)\n"
    #expect(
      try documents(.trees(phrases: true), text) == [
        "1 2: It", "1 1: does", "1 0: n't", "1 2: work", "1 2: n't work", "1 4: does n't work",
        "1 3: It does n't work", "2 1: c",
      ])
    #expect(
      try documents(.trees(phrases: false), text) == ["1 3: It does n't work", "2 1: c"])
  }

  @Test(
    "A line without text or class is an error that names it",
    arguments: [
      (LabelledLayout.jsonLines(text: "text", label: "label"), #"{"text": "a"}"#),
      (.jsonLines(text: "text", label: "label"), #"{"label": "a"}"#),
      (.jsonLines(text: "text", label: "label"), #"{"text": "a", "label": null}"#),
      (.jsonLines(text: "text", label: "label"), #"{"text": 1, "label": 1}"#),
      (.jsonLines(text: "text", label: "label"), #"{"text": "a", "label": 1, "label": 1}"#),
      (.tabSeparated(text: 4, label: 2), "a\tb\tc"), (.tabSeparated(text: 1, label: 2), "a"),
      (.trees(phrases: true), "(1 (2 a) b)"), (.trees(phrases: true), "(1 a) (2 b)"),
      (.trees(phrases: true), "()"), (.trees(phrases: true), "(1 (2 a)"),
    ])
  func faults(layout: LabelledLayout, line: String) throws {
    let error = #expect(throws: TokenizationError.self) {
      try documents(layout, "\n" + line)
    }
    #expect(error?.line == 2)
  }
}
