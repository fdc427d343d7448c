import Checkpoints
import Foundation
import JSON
import Reports
import Testing

@Suite struct CommaSeparatedTests {
  private func line(_ text: String) -> String {
    commaSeparatedLines(ReportTable(rowCount: 1, columns: [.init("a", .text([text]))]))[1]
  }

  @Test(
    "Text is quoted where RFC 4180 asks for it",
    arguments: [
      ("plain", "plain"), ("", ""), ("a b", "a b"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""),
      ("\"", "\"\"\"\""), ("a,\n\"", "\"a,\\u{A}\"\"\""),
    ])
  func quoting(text: String, cell: String) { #expect(line(text) == cell) }

  @Test("A quote under a combining mark is doubled like any other")
  func combinedQuote() {
    let scalars = Array(line("a\"\u{301}b").unicodeScalars.map { String($0) })
    #expect(scalars == ["\"", "a", "\"", "\"", "\u{301}", "b", "\""])
  }

  @Test(
    "What a spreadsheet would run is text",
    arguments: [
      ("=1+1", "'=1+1"), ("+1", "'+1"), ("-x", "'-x"), ("@SUM(A1)", "'@SUM(A1)"),
      ("=a,b", "\"'=a,b\""), ("a=1", "a=1"),
    ])
  func formulas(text: String, cell: String) { #expect(line(text) == cell) }

  @Test(
    "Control characters of hostile names do not reach the terminal",
    arguments: [
      ("a\u{1B}[2Jb", "a\\u{1B}[2Jb"), ("a\nb", "a\\u{A}b"), ("\t=1", "\\u{9}=1"),
      ("a\u{202E}b", "a\\u{202E}b"), ("é", "é"),
    ])
  func controlCharacters(text: String, cell: String) { #expect(line(text) == cell) }

  @Test("Numbers have every digit, are no formulas, and are empty where there is none")
  func numbers() {
    let table = ReportTable(
      rowCount: 3,
      columns: [
        .init("x", .real([-0.1, .nan, 1e-300])), .init("n", .integer([-5, nil, 7])),
        .init("y", .real([.infinity, 1.0 / 3, 2])),
      ])
    #expect(
      commaSeparatedLines(table) == [
        "x,n,y", "-0.1,-5,", ",,0.3333333333333333", "1e-300,7,2.0",
      ])
  }

  @Test("No rows leave the names of the columns")
  func empty() {
    let table = ReportTable(rowCount: 0, columns: [.init("a", .text([])), .init("b,c", .real([]))])
    #expect(commaSeparatedLines(table) == ["a,\"b,c\""])
  }
}

@Suite struct JSONTextTests {
  @Test(
    "Control characters, quotes and backslashes are escaped",
    arguments: [
      ("plain", "\"plain\""), ("a\"b", "\"a\\\"b\""), ("a\\b", "\"a\\\\b\""),
      ("a\nb", "\"a\\u000ab\""), ("\r\n", "\"\\u000d\\u000a\""), ("\0", "\"\\u0000\""),
      ("\u{1B}[m", "\"\\u001b[m\""), ("\u{7F}\u{9B}", "\"\\u007f\\u009b\""),
      ("\u{1F600}\u{E9}", "\"\u{1F600}\u{E9}\""), ("a\"\u{301}", "\"a\\\"\u{301}\""),
    ])
  func escapes(text: String, json: String) {
    #expect(Array(jsonString(text).utf8) == Array(json.utf8))
  }

  @Test(
    "Any text reads back", arguments: ["a\"\\\0\n\u{1B}\u{9B}\u{2028}\u{202E}", "cafe\u{301}", ""])
  func readsBack(text: String) throws {
    let line = jsonObject([(text, jsonString(text))])
    let read = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
    let entry = try #require(read?.first)
    #expect(Array(entry.key.utf8) == Array(text.utf8))
    #expect(Array(entry.value.utf8) == Array(text.utf8))
  }

  @Test("Rows are objects in the order of the columns; what is not finite is null")
  func rows() {
    let table = ReportTable(
      rowCount: 2,
      columns: [
        .init("name", .text(["a", "b"])), .init("x", .real([.nan, 0.1])),
        .init("y", .real([-.infinity, -0.5])), .init("n", .integer([nil, 3])),
      ])
    #expect(
      jsonLines(table, kind: "row") == [
        #"{"kind":"row","name":"a","x":null,"y":null,"n":null}"#,
        #"{"kind":"row","name":"b","x":0.1,"y":-0.5,"n":3}"#,
      ])
    #expect(jsonObject([]) == "{}")
  }
}
