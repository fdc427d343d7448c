import Foundation
import TestSupport
import Testing

@Suite struct TokenizerCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func encode(_ path: String, _ options: String...) throws -> Run {
    try Run(["tokenizer", "encode", miniature("base"), path] + options)
  }

  @Test("Ids give the bytes of a file back, whatever they are")
  func roundTrip() throws {
    let bytes = Array("Once upon a time,\r\n\n  é".utf8) + [0xFF, 0, 0xE2, 0x82]
    let path = try folder.write(bytes, to: "a.txt")
    let encoded = try encode(path, "--json")
    #expect(encoded.code == 0 && encoded.lines.count == 2)
    let ids = try folder.write(Array(encoded.output.utf8), to: "ids.jsonl")
    let decoded = try Run("tokenizer", "decode", miniature("base"), ids, "--json")
    let text = try decoded.objects().first?["text"] as? String
    #expect(text == String(decoding: bytes, as: UTF8.self))
  }

  @Test("Documents are a file, a line, a JSON line's text or a tree's words")
  func layouts() throws {
    let plain = try folder.write(Array("the cat\nthe dog\n".utf8), to: "a.txt")
    let json = try folder.write(
      Array("{\"text\": \"the cat\"}\n{\"text\": \"the dog\"}\n".utf8), to: "a.jsonl")
    let nested = try folder.write(
      Array("{\"p\": {\"q\": \"the cat\"}}\n{\"p\": {\"q\": \"the dog\"}}\n".utf8), to: "b.jsonl")
    let trees = try folder.write(
      Array("(2 (2 the) (3 cat))\n(2 (2 the) (3 dog))\n".utf8), to: "trees.txt")
    let expected = try encode(plain, "--lines").output
    #expect(try encode(plain).lines.count == 2)
    #expect(expected.split(separator: "\n").count == 2)
    #expect(try encode(json).output == expected)
    #expect(try encode(nested, "--field", "p.q").output == expected)
    #expect(try encode(trees, "--trees").output == expected)
    let counts = try encode(plain, "--lines", "--count").lines.prefix(2).map { Int($0) }
    let ids = expected.split(separator: "\n").map { $0.split(separator: " ").count }
    #expect(counts == ids)
  }

  @Test("A file of the model's folder names the folder")
  func modelFile() throws {
    let path = try folder.write(Array("the cat".utf8), to: "a.txt")
    let run = try Run("tokenizer", "encode", miniature("base") + "/model.safetensors", path)
    #expect(try run.output == encode(path).output)
  }

  @Test("Decoded documents have a line feed between them and none at the end")
  func separators() throws {
    let path = try folder.write(Array("the cat\n\nthe dog".utf8), to: "a.txt")
    let encoded = try encode(path, "--lines", "--json")
    let ids = try folder.write(Array(encoded.output.utf8), to: "ids.jsonl")
    #expect(try Run("tokenizer", "decode", miniature("base"), ids).output == "the cat\n\nthe dog")
  }

  @Test("What is wrong with files is said in one line, with exit code 2")
  func faults() throws {
    let text = try folder.write(Array("{\"text\": 3}\n".utf8), to: "a.jsonl")
    let empty = try folder.write([], to: "empty/README")
    try folder.write(Array("{\"a\": 0, \"b\": 0}".utf8), to: "bad/vocab.json")
    try folder.write(Array("#version: 0.2\n".utf8), to: "bad/merges.txt")
    let ids = try folder.write(Array("{\"ids\": [99999]}\n".utf8), to: "ids.jsonl")
    let cases: [([String], String)] = [
      (["encode", miniature("base"), text], "a.jsonl: line 1: "),
      (["encode", miniature("base"), folder.path + "/none.txt"], "none.txt: cannot be opened"),
      (["encode", miniature("base"), folder.path], "cannot be read"),
      (["encode", empty, text], "holds no GPT-2 tokenizer"),
      (["encode", folder.path + "/nowhere", text], "is no file, no folder"),
      (
        ["encode", folder.path + "/bad", text], "vocab.json: tokens \"a\" and \"b\" have one id, 0"
      ),
      (["encode", miniature("base"), text, "--special"], "has no <s> and </s>"),
      (["decode", miniature("base"), ids], "has no token 99999"),
    ]
    for (arguments, expected) in cases {
      let run = try Run(["tokenizer"] + arguments)
      #expect(run.code == 2 && run.errorLines.count == 1, "\(arguments)")
      #expect(run.errors.contains(expected), "\(run.errors)")
    }
  }
}
