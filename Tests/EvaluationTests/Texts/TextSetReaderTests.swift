import Evaluation
import Testing
import Tokenization

@Suite struct TextSetReaderTests {
  private func read(
    _ content: String, _ layout: TextSetLayout? = nil, byteLimit: Int = 1 << 20
  ) throws -> [TextSet] {
    var reader = TextSetReader()
    try reader.read(
      Array(content.utf8), named: "file", path: "file.jsonl", layout: layout ?? json(),
      byteLimit: byteLimit)
    return reader.sets
  }

  private func json(
    _ text: String = "text", _ prompt: String = "prompt", requiresPrompt: Bool = false
  ) -> TextSetLayout { .jsonLines(text: text, prompt: prompt, requiresPrompt: requiresPrompt) }

  private func texts(_ set: TextSet) -> [String] {
    set.texts.map { String(decoding: $0.text, as: UTF8.self) }
  }

  @Test("After a header of this program only samples are texts; other files need no kinds")
  func kinds() throws {
    let ours = try read(
      """
      {"kind":"header","schema":"transect.generate/1"}
      {"kind":"sample","prompt":"p","prompt_id":0,"sample":0,"text":" a","tokens":[1,2]}
      {"kind":"point","alpha":0.5}

      """)
    #expect(ours.map(texts) == [[" a"]])
    #expect(ours[0].texts[0].prompt == Array("p".utf8))
    #expect(try read(#"{"kind":"review","text":"b"}"#).map(texts) == [["b"]])
  }

  @Test("Texts of one prompt_id and one prompt follow one prompt; without either, each has its own")
  func prompts() throws {
    let set = try read(
      """
      {"prompt":"p","prompt_id":0,"text":"a"}
      {"prompt":"q","prompt_id":0,"text":"b"}
      {"prompt":"p","prompt_id":0,"text":"c"}
      {"prompt":"p","prompt_id":1,"text":"d"}
      {"text":"e"}
      {"text":"f"}
      """)[0]
    #expect(set.texts.map(\.group) == [0, 1, 0, 2, 3, 4])
    #expect(set.texts.map(\.promptID) == [0, 0, 0, 1, 3, 4])
    #expect(set.texts.map(\.line) == [1, 2, 3, 4, 5, 6])
    #expect(set.texts.map(\.replicate) == [0, 0, 1, 0, 0, 0])
  }

  @Test("Places on a path tell sets; prompts keep their numbers from one to the next")
  func points() throws {
    let sets = try read(
      """
      {"prompt":"p","text":"a","alpha":0}
      {"prompt":"q","text":"b","alpha":0}
      {"prompt":"q","text":"c","alpha":0.5}
      {"prompt":"q","text":"d","alpha":"half"}
      """)
    #expect(sets.map { $0.coordinates.map(\.value) } == [[0], [0.5], []])
    #expect(sets[1].texts.map(\.promptID) == [1])
    #expect(sets[1].texts.map(\.replicate) == [0])
  }

  @Test("Members of members, and arrays of objects, as DExperts' files have them")
  func nested() throws {
    let line = #"{"prompt":{"text":"p"},"generations":[{"text":"a"},{"x":1,"text":"b"}]}"#
    let set = try read(line, json("generations.text", "prompt.text"))[0]
    #expect(texts(set) == ["a", "b"])
    #expect(set.texts.map(\.promptID) == [0, 0])
    #expect(set.texts.map(\.prompt) == [Array("p".utf8), Array("p".utf8)])
  }

  @Test("Lines are texts as they are, whatever their bytes; an empty one is an empty text")
  func lines() throws {
    var reader = TextSetReader()
    try reader.read([0x61, 0xFF, 0x0A, 0x0A, 0x62], named: "f", path: "f.txt", layout: .lines)
    #expect(reader.sets[0].texts.map(\.text) == [[0x61, 0xFF], [], [0x62]])
    #expect(reader.sets[0].texts.map(\.promptID) == [0, 1, 2])
  }

  @Test(
    "What is wrong with a line is said with its number",
    arguments: [
      "{", "[]", "3", #"{"text":1}"#, #"{"text":null}"#, #"{"prompt":"p"}"#,
      #"{"text":"a","text":"b"}"#, #"{"text":"a","prompt":1}"#, #"{"text":"a","prompt":{}}"#,
      #"{"text":"\ud800"}"#, #"{"text":"a","alpha":1,"alpha":2}"#, #"{"text":"a"} {}"#,
      #"{"text":"a""#, "{\"text\":\"a\tb\"}",
    ])
  func faults(line: String) throws {
    let error = try #require(throws: TokenizationError.self) {
      try read("{\"text\":\"fine\"}\n" + line)
    }
    #expect(error.line == 2 && error.path == "file.jsonl")
  }

  @Test("Deep nesting, long lines and bytes that are no UTF-8 are errors, not crashes")
  func hostile() throws {
    let deep = String(repeating: "[", count: 100_000)
    for line in [#"{"text":"# + deep, #"{"other":"# + deep, #"{"a":{"b":"# + deep] {
      #expect(throws: TokenizationError.self) { try read(line, json("a.b.text")) }
    }
    let long = try #require(throws: TokenizationError.self) {
      try read("\n{\"text\":\"" + String(repeating: "a", count: 100) + "\"}", byteLimit: 64)
    }
    #expect(long.reason == .tooLong && long.line == 2)
    var reader = TextSetReader()
    #expect(throws: TokenizationError.self) {
      try reader.read(
        Array(#"{"text":""#.utf8) + [0xFF] + Array(#""}"#.utf8), named: "f", path: "f",
        layout: json())
    }
  }

  @Test("A prompt that was asked for by name must be there")
  func missingPrompt() throws {
    let layout = json("text", "before", requiresPrompt: true)
    let error = try #require(throws: TokenizationError.self) {
      try read(#"{"text":"a"}"#, layout)
    }
    #expect(error.description.contains("before"))
  }
}
