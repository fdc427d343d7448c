import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct SafetensorsFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ bytes: [UInt8]) throws -> SafetensorsFile {
    try SafetensorsFile(folder.write(bytes, to: "model.safetensors"))
  }

  @Test("Records tell name, type, shape and place, in the header's order")
  func records() throws {
    let file = try open(
      SafetensorsBytes.file([
        ("b", "F32", [2, 3], Array(0..<24)), ("a", "U8", [], [7]), ("empty", "I64", [0, 4], []),
      ]))
    #expect(file.records.map(\.name) == ["b", "a", "empty"])
    #expect(file.records.map(\.dtype) == [.float32, .uint8, .int64])
    #expect(file.records.map(\.shape.dimensions) == [[2, 3], [], [0, 4]])
    #expect(try elementBytes(file.records[0]) == Array(0..<24))
    #expect(try elementBytes(file.records[1]) == [7])
    #expect(try elementBytes(file.records[2]) == [])
    #expect(file.byteCount == 25)
  }

  @Test("Every element type of the format that fits bytes is read", arguments: DType.allCases)
  func types(dtype: DType) throws {
    let bytes = Array(repeating: UInt8(1), count: 3 * dtype.byteCount)
    let file = try open(SafetensorsBytes.file([("w", dtype.rawValue, [3], bytes)]))
    #expect(file.records.map(\.dtype) == [dtype])
  }

  @Test("Metadata keeps its order and its text")
  func metadata() throws {
    let file = try open(
      SafetensorsBytes.file(
        header: #"{"__metadata__":{"z":"1","a":"é\n"},"w":\#(scalar)}  "#, data: [1]))
    #expect(file.metadata.map(\.key) == ["z", "a"])
    #expect(file.metadata.map(\.value) == ["1", "é\n"])
  }

  @Test("Names that are canonically equivalent are different tensors")
  func equivalentNames() throws {
    let file = try open(
      SafetensorsBytes.file([("\u{E9}", "U8", [1], [1]), ("e\u{301}", "U8", [1], [2])]))
    #expect(Set(file.records.map(\.name)).count == 2)
  }

  @Test(
    "A wrong length before the header is refused",
    arguments: [
      [], [1, 2, 3], littleEndian(UInt64(0)), littleEndian(UInt64.max) + [0x7B, 0x7D],
      littleEndian(UInt64.max - 7) + [0x7B, 0x7D], littleEndian(UInt64(3)) + [0x7B, 0x7D],
      littleEndian(UInt64(100_000_001)) + [0x7B, 0x7D],
      Array(littleEndian(UInt64(2)).reversed()) + [0x7B, 0x7D],
    ])
  func badLength(bytes: [UInt8]) {
    expectMalformed(bytes)
  }

  @Test(
    "A header that is not one strict JSON object is refused",
    arguments: [
      "null", "[]", " {}", "\u{FEFF}{}", "{", "{}x", "{}{}", "{'w':1}", "{/**/}",
      #"{"w":null}"#, #"{"w":1}"#, #"{"w":[]}"#, #"{"__metadata__":{"a":1}}"#,
      #"{"__metadata__":{"a":"1","a":"1"}}"#, #"{"__metadata__":{},"__metadata__":{}}"#,
      #"{"__metadata__":[]}"#, #"{"\ud800":{}}"#,
    ])
  func badHeader(header: String) {
    expectMalformed(SafetensorsBytes.file(header: header))
  }

  @Test(
    "An entry that does not describe its four data bytes is refused",
    arguments: [
      #"{"dtype":"F32","shape":[1]}"#, #"{"dtype":"F32","data_offsets":[0,4]}"#,
      #"{"shape":[1],"data_offsets":[0,4]}"#,
      #"{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}"#,
      #"{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}"#,
      #"{"dtype":"F64","shape":[1],"data_offsets":[0,4]}"#,
      #"{"dtype":"f32","shape":[1],"data_offsets":[0,4]}"#,
      #"{"dtype":5,"shape":[1],"data_offsets":[0,4]}"#,
      #"{"dtype":"F128","shape":[1],"data_offsets":[0,4]}"#,
      #"{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}"#,
      #"{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}"#,
      #"{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}"#,
      #"{"dtype":"F32","shape":1,"data_offsets":[0,4]}"#,
      #"{"dtype":"F32","shape":[0x1],"data_offsets":[0,4]}"#,
      #"{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,4]}"#,
      #"{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,4]}"#,
      #"{"dtype":"F32","shape":[2147483648,2147483648,4],"data_offsets":[0,4]}"#,
      #"{"dtype":"F32","shape":[1],"data_offsets":[0]}"#,
      #"{"dtype":"F32","shape":[1],"data_offsets":[0,2,4]}"#,
      #"{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}"#,
      #"{"dtype":"F32","shape":[1],"data_offsets":[4,0]}"#,
      #"{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#,
      #"{"dtype":"F32","shape":[1],"data_offsets":[9007199254740993,9007199254740997]}"#,
    ])
  func badEntry(entry: String) {
    expectMalformed(SafetensorsBytes.file(header: #"{"w":\#(entry)}"#, data: [0, 0, 0, 0]))
  }

  @Test(
    "Offsets that leave bytes to none or to two tensors are refused",
    arguments: [
      (0...1, 2...2), (0...2, 1...3), (0...0, 2...3), (1...1, 2...3), (0...3, 0...3),
    ])
  func coverage(first: ClosedRange<Int>, second: ClosedRange<Int>) {
    let entries = [("a", first), ("b", second)].map { name, range in
      #""\#(name)":{"dtype":"U8","shape":[\#(range.count)],"#
        + #""data_offsets":[\#(range.lowerBound),\#(range.upperBound + 1)]}"#
    }
    expectMalformed(
      SafetensorsBytes.file(header: "{\(entries.joined(separator: ","))}", data: [0, 0, 0, 0]))
  }

  /// Entries of one byte each, whose bytes lie in the file in reverse.
  private func manyEntries(_ count: Int) -> [String] {
    (0..<count).map { number in
      let (layer, expert, first) = (number / 384, number / 3 % 128, count - 1 - number)
      return #""model.layers.\#(layer).mlp.experts.\#(expert).w\#(number % 3).weight":"#
        + #"{"dtype":"U8","shape":[1,1],"data_offsets":[\#(first),\#(first + 1)]}"#
    }
  }

  // Steps that grow with the square of the number of tensors would take seconds here.
  @Test("A header of 20,000 tensors gives back each of them, in its order")
  func manyTensors() throws {
    let header = "{" + manyEntries(20_000).joined(separator: ",") + "}"
    let data = (0..<20_000).map { UInt8($0 % 251) }
    let file = try open(SafetensorsBytes.file(header: header, data: data))
    #expect(file.records.count == 20_000)
    #expect(Set(file.records.map(\.name)).count == 20_000)
    #expect(file.records[385].name == "model.layers.1.mlp.experts.0.w1.weight")
    #expect(file.records.allSatisfy { $0.shape.dimensions == [1, 1] && $0.strides == [1, 1] })
    let first = file.records[19_999].offset
    #expect(file.records.map(\.offset) == (first..<first + 20_000).reversed())
    #expect(try elementBytes(file.records[385]) == [UInt8(19_614 % 251)])
  }

  @Test("In a header of 20,000 tensors, the last that repeats the first one's name is found")
  func duplicateAmongMany() throws {
    let entries = manyEntries(20_000)
    let last = #"{"dtype":"U8","shape":[1],"data_offsets":[20000,20001]}"#
    let header =
      "{" + entries.joined(separator: ",") + #","model.layers.0.mlp.experts.0.w0.weight":\#(last)}"#
    let bytes = SafetensorsBytes.file(header: header, data: Array(repeating: 0, count: 20_001))
    let error = #expect(throws: CheckpointError.self) { try open(bytes) }
    #expect(error?.tensor == "model.layers.0.mlp.experts.0.w0.weight")
    #expect(error?.detail == "appears twice in the header")
  }

  @Test(
    "However many numbers a list has, the error names the first of them only",
    arguments: [
      (#""shape":[1],"data_offsets":[LONG]"#, "data_offsets [7, 7, "),
      (#""shape":[LONG],"data_offsets":[0,1]"#, "shape [7, 7, "),
    ])
  func longLists(fields: String, beginning: String) throws {
    let numbers = Array(repeating: "7", count: 100_000).joined(separator: ",")
    let parts = fields.split(separator: "LONG").map(String.init)
    let header = #"{"w":{"dtype":"U8",\#(parts[0])\#(numbers)\#(parts[1])}}"#
    let error = #expect(throws: CheckpointError.self) {
      try open(SafetensorsBytes.file(header: header, data: [1]))
    }
    #expect(error?.detail.hasPrefix(beginning) == true)
    #expect(error?.detail.contains("7, …]") == true)
    #expect((error?.description.utf8.count ?? .max) < 1000)
  }

  @Test(
    "More tensors, metadata or extents than any file has are refused, however few bytes each takes",
    arguments: [
      ("250000 tensors", 250_001, #""%":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#, "", ""),
      ("65536 entries", 65_537, #""%":"""#, #""__metadata__":{"#, "}"),
      ("extents", 65, "1", #""w":{"dtype":"U8","shape":["#, #"],"data_offsets":[0,1]}"#),
    ])
  func tooMany(word: String, count: Int, item: String, before: String, after: String) {
    let items = (0..<count).map { item.replacingOccurrences(of: "%", with: "\($0)") }
    let header = "{" + before + items.joined(separator: ",") + after + "}"
    let error = #expect(throws: CheckpointError.self) {
      try open(SafetensorsBytes.file(header: header, data: word == "extents" ? [1] : []))
    }
    #expect(error?.detail.contains(word) == true)
  }

  @Test("Names and texts of a megabyte are cut in messages")
  func longTexts() {
    let long = String(repeating: "a", count: 1_000_000)
    for header in [#"{"\#(long)":{}}"#, #"{"w":{"\#(long)":1}}"#, #"{"w":{"dtype":"\#(long)"}}"#] {
      let error = #expect(throws: CheckpointError.self) {
        try open(SafetensorsBytes.file(header: header))
      }
      #expect((error?.description.utf8.count ?? .max) < 2000)
    }
  }

  @Test("An empty tensor whose strides cannot be addressed is refused")
  func emptyWithoutStrides() throws {
    let shape = "[0,2147483648,4294967296]"
    expectMalformed(
      SafetensorsBytes.file(
        header: #"{"w":{"dtype":"F32","shape":\#(shape),"data_offsets":[0,0]}}"#))
  }

  @Test("A name that appears twice is refused, even for the same bytes")
  func duplicateName() {
    expectMalformed(
      SafetensorsBytes.file(header: #"{"w":\#(scalar),"w":\#(scalar)}"#, data: [1]))
  }

  @Test("Types smaller than a byte are named and refused as unsupported")
  func subByteType() throws {
    let bytes = SafetensorsBytes.file([("w", "F4", [2], [1])])
    let error = #expect(throws: CheckpointError.self) { try open(bytes) }
    #expect(error?.reason == .unsupported)
    #expect(error?.tensor == "w")
  }

  @Test("An error is one line, whatever the name")
  func oneLine() throws {
    let header = #"{"a\n\u001b[31m":{"dtype":"F64","shape":[1],"data_offsets":[0,1]}}"#
    let error = #expect(throws: CheckpointError.self) {
      try open(SafetensorsBytes.file(header: header, data: [1]))
    }
    let description = try #require(error?.description)
    #expect(description.isOneLine)
    #expect(description.contains("model.safetensors"))
  }

  private let scalar = #"{"dtype":"U8","shape":[],"data_offsets":[0,1]}"#

  private func expectMalformed(
    _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) {
      try open(bytes)
    }
    #expect(error?.reason == .malformed, sourceLocation: sourceLocation)
  }
}
