import Testing
import Tokenization

@Suite struct TokenLineTests {
  @Test("What is written is read again", arguments: [[], [0], [50256, 1, 10, 99, 100, .max]])
  func roundTrip(ids: [Int32]) throws {
    var line: [UInt8] = []
    TokenLine.append(ids, to: &line)
    #expect(line.last == UInt8(ascii: "\n"))
    #expect(try TokenLine.ids(in: line.dropLast(), path: "f", line: 1) == ids)
  }

  @Test("A line is JSON with blanks as Python writes it")
  func text() {
    var line: [UInt8] = []
    TokenLine.append([5, 120], to: &line)
    #expect(String(decoding: line, as: UTF8.self) == "{\"ids\": [5, 120]}\n")
  }

  @Test(
    "Other lines are refused, by number and place",
    arguments: [
      ("", "byte 0"), ("[1]", "byte 0"), ("{}", "no member 'ids'"), (#"{"ids": 3}"#, "byte 8"),
      (#"{"ids": [1, -2]}"#, "byte 12"), (#"{"ids": [2147483648]}"#, "below 2^31"),
      (#"{"ids": [], "ids": []}"#, "twice"), (#"{"ids": []} 3"#, "follows"),
    ])
  func malformed(text: String, expected: String) throws {
    let error = try #require(
      fault { _ = try TokenLine.ids(in: Array(text.utf8), path: "f.jsonl", line: 7) })
    #expect(error.description.hasPrefix("f.jsonl: line 7: "))
    #expect(error.description.contains(expected), "\(error)")
  }
}

extension [UInt8] {
  fileprivate func dropLast() -> [UInt8] { Array(self[..<(count - 1)]) }
}
