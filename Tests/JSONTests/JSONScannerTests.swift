import JSON
import Testing

@Suite struct JSONScannerTests {
  @Test(
    "Strings are unescaped",
    arguments: [
      (#""plain""#, "plain"), (#""""#, ""), (#""a\"b\\c\/d""#, "a\"b\\c/d"),
      (#""\b\f\n\r\t""#, "\u{8}\u{C}\n\r\t"), (#""\u00e9\u20AC""#, "é€"),
      (#""\ud83d\ude00""#, "😀"), (#""é€😀""#, "é€😀"), (#""\u0000""#, "\0"),
    ])
  func strings(text: String, expected: String) throws {
    var scanner = JSONScanner(Array(text.utf8))
    #expect(try scanner.string().utf8.elementsEqual(expected.utf8))
    let isAtEnd = scanner.isAtEnd()
    #expect(isAtEnd)
  }

  @Test(
    "Strings that RFC 8259 forbids are refused",
    arguments: [
      "", "x", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\ud800\"", "\"\\ud800\\n\"",
      "\"\\ud800\\ud800\"", "\"\\udc00\"", "\"a\nb\"", "\"a\\n\nb\"", "'a'",
    ])
  func badStrings(text: String) {
    #expect(throws: JSONScanner.Fault.self) {
      var scanner = JSONScanner(Array(text.utf8))
      _ = try scanner.string()
    }
  }

  @Test(
    "Bytes that are not UTF-8 are refused",
    arguments: [
      [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xFF], [0xE2, 0x82], [0xF5, 0x80, 0x80, 0x80],
    ])
  func notUTF8(bytes: [UInt8]) {
    #expect(throws: JSONScanner.Fault.self) {
      var scanner = JSONScanner([0x22] + bytes + [0x22])
      _ = try scanner.string()
    }
  }

  @Test("Counts are plain integers below 2^63")
  func counts() throws {
    var scanner = JSONScanner(Array("[0, 7 ,42,9223372036854775807]".utf8))
    var counts: [Int] = []
    try scanner.array { counts.append(try $0.count()) }
    #expect(counts == [0, 7, 42, .max])
  }

  @Test(
    "Other numbers are no counts",
    arguments: ["-1", "1.0", "1e2", "1E2", "01", "9223372036854775808", "0x4", "+1", "\"4\"", ""])
  func badCounts(text: String) {
    #expect(throws: JSONScanner.Fault.self) {
      var scanner = JSONScanner(Array(text.utf8))
      _ = try scanner.count()
      if !scanner.isAtEnd() { throw scanner.fault("more follows") }
    }
  }

  @Test(
    "Whole values are skipped",
    arguments: [
      "null", "true", "false", "0", "-0", "-12.5e+3", "1E-9", "\"a\"", "[]", "{}", " [1, [2], {}] ",
      #"{"a": {"b": [null, "c"]}, "d": 1}"#,
    ])
  func values(text: String) throws {
    var scanner = JSONScanner(Array(text.utf8))
    try scanner.skipValue()
    let isAtEnd = scanner.isAtEnd()
    #expect(isAtEnd)
  }

  @Test(
    "Malformed values are refused",
    arguments: [
      "nul", "-", "-a", "00", "1.", "1e", "1e+", ".5", "[1,]", "[1 2]", "[", "{", "{1:2}",
      "{\"a\"}",
      "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "/* */ 1", "NaN", "Infinity",
      String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000),
    ])
  func badValues(text: String) {
    #expect(throws: JSONScanner.Fault.self) {
      var scanner = JSONScanner(Array(text.utf8))
      try scanner.skipValue()
    }
  }

  @Test("Every member is seen, equal and canonically equivalent keys too")
  func duplicateKeys() throws {
    var scanner = JSONScanner(Array("{\"a\":1,\"a\":2,\"\u{E9}\":3,\"e\u{301}\":4}".utf8))
    var members: [(String, Int)] = []
    try scanner.object { scanner, key in members.append((key, try scanner.count())) }
    #expect(members.map(\.1) == [1, 2, 3, 4])
    #expect(members.map { Array($0.0.utf8).count } == [1, 1, 2, 3])
  }

  @Test("A fault tells where it is")
  func faultOffset() {
    let fault = #expect(throws: JSONScanner.Fault.self) {
      var scanner = JSONScanner(Array("{\"a\": 1.5}".utf8))
      try scanner.object { scanner, _ in _ = try scanner.count() }
    }
    #expect(fault?.offset == 7)
  }
}
