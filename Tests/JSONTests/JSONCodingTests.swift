import JSON
import Testing

@Suite struct JSONCodingTests {
  private enum Kind: Codable, Equatable {
    case empty
    case one(Int, name: String)
  }

  private struct Value: Codable, Equatable {
    var real = 0.1 + 0.2
    var reals: [Double] = [1e-300, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
    var integer = UInt64.max
    var small = Int8.min
    var flag = true
    var text = "é\n\"\u{1F600}"
    var none: Int?
    var some: Int? = 7
    var nested: [[String: Int]] = [["a": 1], [:]]
    var kinds: [Kind] = [.empty, .one(3, name: "x")]
    var range = 3..<9
    var nothing: [Double] = []
  }

  @Test("Values come back as they were, also through optional and nested ones")
  func roundTrip() throws {
    let text = try jsonText(Value())
    #expect(try decoded(Value.self, from: text) == Value())
    #expect(try jsonText(decoded(Value.self, from: text)) == text)
  }

  @Test("NaN and infinities keep every bit")
  func nonfinite() throws {
    let values: [Double] = [.nan, -.nan, .infinity, -.infinity, .signalingNaN]
    let back = try decoded([Double].self, from: jsonText(values))
    #expect(back.map(\.bitPattern) == values.map(\.bitPattern))
  }

  @Test(
    "Other values are refused",
    arguments: ["", "{}", "[1,2", "3", "[\"a\",true]", "[1,2.5]", "[1,\"zz\"]", "null"])
  func refusals(text: String) {
    #expect(throws: (any Error).self) { try decoded([Int].self, from: text) }
  }

  @Test("What is nested without end is refused")
  func depth() {
    let text = String(repeating: "[", count: 100_000)
    #expect(throws: (any Error).self) { try decoded([Int].self, from: text) }
  }
}
