import Testing
import Tokenization

@Suite struct TextDocumentsTests {
  /// The documents of a text that comes in chunks of some bytes.
  private func documents(
    _ layout: TextLayout, _ text: String, chunk: Int = 1000, limit: Int = 1000
  ) throws -> [TextDocument] {
    var rest = Array(text.utf8)[...]
    var stream = TextDocuments(layout, path: "f.txt", byteLimit: limit) {
      defer { rest = rest.dropFirst(chunk) }
      return Array(rest.prefix(chunk))
    }
    var result: [TextDocument] = []
    while let document = try stream.next() { result.append(document) }
    return result
  }

  private func texts(_ layout: TextLayout, _ text: String, chunk: Int = 1000) throws -> [String] {
    try documents(layout, text, chunk: chunk).map { String(decoding: $0.text, as: UTF8.self) }
  }

  @Test("A whole file is one document, an empty one too", arguments: ["", "a", "a\n\r\n b\n"])
  func whole(text: String) throws { #expect(try texts(.whole, text) == [text]) }

  @Test(
    "Each line is a document without its end",
    arguments: [
      ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\n\nb", ["a", "", "b"]), ("\n", [""]),
      ("a\r\nb\r\n", ["a", "b"]), ("a\n\n", ["a", ""]), (" a \n", [" a "]),
    ])
  func lines(text: String, expected: [String]) throws {
    #expect(try texts(.lines, text) == expected)
  }

  @Test(
    "Where chunks end does not matter",
    arguments: [
      TextLayout.whole, .lines, .jsonLines(field: "a.b"), .trees,
    ], 1...9)
  func chunks(layout: TextLayout, chunk: Int) throws {
    let text =
      switch layout {
      case .jsonLines: "{\"a\": {\"b\": \"x\\n\"}}\r\n\n {\"a\": {\"b\": \"é\"}}"
      case .trees: "(3 (2 a) (2 b))\n\n(1 c)\n"
      default: "one\ntwo\r\n\nthree"
      }
    #expect(try documents(layout, text, chunk: chunk) == documents(layout, text))
  }

  @Test("Fields are found from the outside in, and lines of blanks are passed over")
  func fields() throws {
    let text = """
      {"text": "a", "n": [1, {"text": "no"}]}

      {"prompt": {"text": "b", "x": null}, "text": "c\\u00e9\\n"}
      """
    let first = String(text.prefix { $0 != "\n" })
    #expect(try texts(.jsonLines(field: "text"), text) == ["a", "c\u{E9}\n"])
    #expect(try documents(.jsonLines(field: "text"), text).map(\.line) == [1, 3])
    #expect(throws: TokenizationError.self) {
      try texts(.jsonLines(field: "prompt.text"), first)
    }
    let last = String(text.split(separator: "\n")[1])
    #expect(try texts(.jsonLines(field: "prompt.text"), last) == ["b"])
  }

  @Test(
    "A line without the text is refused by its number",
    arguments: [
      ("{}", "has no member \"a.b\""), ("{\"a\": {}}", "has no member \"a.b\""),
      ("{\"a\": 3}", "byte 6: expected '{'"),
      ("{\"a\": {\"b\": 3}}", "member \"a.b\" is not a text"),
      ("{\"a\": {\"b\": \"\", \"b\": \"\"}}", "twice"),
      ("{\"a\": {\"b\": \"\\ud800\"}}", "surrogate"),
      ("x", "byte 0"), ("{\"a\": {\"b\": \"\"}} {}", "follows"),
    ])
  func badFields(line: String, expected: String) throws {
    let good = "{\"a\": {\"b\": \"x\"}}\n"
    let error = try #require(
      fault { _ = try documents(.jsonLines(field: "a.b"), good + line + "\n" + good) })
    #expect(error.reason == .malformed)
    #expect(error.description.hasPrefix("f.txt: line 2: "))
    #expect(error.description.contains(expected), "\(error)")
  }

  @Test(
    "Words of a tree are joined by blanks, as they are in print",
    arguments: [
      ("(3 (2 It) (4 (2 's) (2 fine)))", "It 's fine"), ("(2 one)", "one"),
      ("  (2 (1 -LRB-)(1 a\\/b) (1 -RRB-) (1 \\*)(1 \\n))\t", "( a/b ) * \\n"),
      ("(S (NN a\u{A0}b) (NN c d))", "a\u{A0}b c d"), ("(3 (2 (1 (0 x))))", "x"),
    ])
  func trees(line: String, expected: String) throws {
    #expect(try texts(.trees, line) == [expected])
  }

  @Test(
    "A line that is no tree is refused, by the byte",
    arguments: [
      ("(2 a", "byte 4: expected ')'"), ("2 a)", "byte 0: expected '('"), ("(2 )", "byte 3"),
      ("( a)", "byte 1: expected a label"), ("(2 a))", "byte 5: expected the end"),
      ("(2 (1 a)", "byte 8: expected '('"), ("(2 (1 a) b)", "byte 9: expected '('"),
      ("(2 a(1 b))", "byte 4: expected ')'"), ("(2 (1 a)) x", "byte 10: expected the end"),
      ("()", "byte 1"),
    ])
  func badTrees(line: String, expected: String) throws {
    let error = try #require(fault { _ = try texts(.trees, "(1 a)\n" + line) })
    #expect(error.description.hasPrefix("f.txt: line 2: \(expected)"), "\(error)")
  }

  @Test("A tree of any depth is read")
  func deepTree() throws {
    let line = String(repeating: "(1 ", count: 200) + "(1 a)" + String(repeating: ")", count: 200)
    #expect(try texts(.trees, line) == ["a"])
  }

  @Test("A document larger than granted is refused by its line")
  func limits() throws {
    #expect(try documents(.lines, "abcd\nabcd\n", limit: 4).count == 2)
    let error = try #require(fault { _ = try documents(.lines, "abcd\nabcde", chunk: 2, limit: 4) })
    #expect(error.reason == .tooLong)
    #expect(error.description == "f.txt: line 2: a document of more than 4 bytes")
    #expect(throws: TokenizationError.self) { try documents(.whole, "abcde", chunk: 2, limit: 4) }
  }
}
