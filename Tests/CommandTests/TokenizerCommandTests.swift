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

  @Test("Tokens that were added beside a vocabulary are decoded")
  func addedTokens() throws {
    for name in ["vocab.json", "merges.txt"] {
      let path = miniature("base") + "/" + name
      try folder.write(
        Array(try Data(contentsOf: URL(fileURLWithPath: path))), to: "model/" + name)
    }
    try folder.write(Array("{\"<pad>\": 1024}".utf8), to: "model/added_tokens.json")
    let ids = try folder.write(Array("{\"ids\": [1024]}\n".utf8), to: "ids.jsonl")
    #expect(try Run("tokenizer", "decode", folder.path + "/model", ids).output == "<pad>")
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
      (["encode", miniature("base"), text, "--sequence-marks"], "has no <s> and </s>"),
      (["decode", miniature("base"), ids], "has no token 99999"),
    ]
    for (arguments, expected) in cases {
      let run = try Run(["tokenizer"] + arguments)
      #expect(run.code == 2 && run.errorLines.count == 1, "\(arguments)")
      #expect(run.errors.contains(expected), "\(run.errors)")
    }
  }

  @Test("A tokenizer learned from texts encodes them, and does not depend on their order")
  func train() throws {
    let first = try folder.write(Array("the cat, the dog\n".utf8), to: "a.txt")
    let second = try folder.write(Array("{\"text\": \"that cat\"}\n".utf8), to: "b.jsonl")
    let output = folder.path + "/learned"
    let train = ["tokenizer", "train", "--vocab-size", "260", "-o"]
    let run = try Run(train + [output, "--text", first, "--text", second, "--json"])
    #expect(run.code == 0, "\(run.errors)")
    #expect(try run.objects().first?["merges"] as? Int == 3)
    let again = try Run(train + [output + "2/", "--text", second, "--text", first])
    #expect(again.lines.first == "2 documents, 8 words, of which 7 distinct")
    for name in ["vocab.json", "merges.txt", "tokenizer_config.json"] {
      let contents = try [output, output + "2"].map {
        try String(contentsOfFile: $0 + "/" + name, encoding: .utf8)
      }
      #expect(contents[0] == contents[1])
    }
    let encoded = try Run("tokenizer", "encode", output, first, "--json")
    let ids = try folder.write(Array(encoded.output.utf8), to: "ids.jsonl")
    #expect(try Run("tokenizer", "decode", output, ids).output == "the cat, the dog\n")
  }

  @Test("Too few pairs make a smaller vocabulary, and it is said")
  func fewPairs() throws {
    let text = try folder.write(Array("ab ab".utf8), to: "a.txt")
    let run = try Run(
      "tokenizer", "train", "--text", text, "--vocab-size", "300", "-o", folder.path + "/few")
    #expect(run.code == 0 && run.lines.contains("258 tokens: 256 bytes, 1 merge, 1 special"))
    #expect(run.output.contains("42 fewer than asked for: no other pair occurs 2 times"))
    let all = try Run(
      "tokenizer", "train", "--text", text, "--vocab-size", "300", "--min-frequency", "1", "-o",
      folder.path + "/all")
    #expect(all.lines.contains { $0.hasSuffix("no other pair occurs") })
    #expect(all.output.hasPrefix("1 document, 2 words, "))
    let empty = try Run(
      "tokenizer", "train", "--text", text, "--vocab-size", "300", "--special", "", "-o", "x")
    #expect(empty.code == 64 && empty.errors.contains("--special must not be empty"))
  }

  @Test("A folder with files is refused before reading; --force keeps what is not a tokenizer's")
  func trainOutput() throws {
    try folder.write(Array("{}".utf8), to: "old/config.json")
    try folder.write(Array("{}".utf8), to: "old/tokenizer.json")
    let old = folder.path + "/old"
    let train = ["tokenizer", "train", "--vocab-size", "257", "-o", old]
    let refused = try Run(train + ["--text", folder.path + "/none"])
    #expect(refused.code == 2 && refused.errors.contains("old: exists"), "\(refused.errors)")
    let text = try folder.write(Array("ab".utf8), to: "a.txt")
    #expect(try Run(train + ["--text", text, "--force"]).code == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: old).sorted()
    #expect(names == ["config.json", "merges.txt", "tokenizer_config.json", "vocab.json"])
    let empty = try folder.write([], to: "empty.txt")
    let nothing = try Run(train + ["--text", empty, "--force"])
    #expect(nothing.code == 2 && nothing.errors.contains("no text to learn from"))
  }

  @Test(
    "Wrong arguments of train are said with exit code 64",
    arguments: [
      (["--vocab-size", "256"], "at least 257"), (["--vocab-size", "2147483648"], "below 2^31"),
      (["--vocab-size", "300", "--min-frequency", "0"], "--min-frequency"),
      (["--vocab-size", "300", "--special", "end"], "is one word"),
      (["--vocab-size", "300", "--special", "<s>", "--special", "<s>"], "twice"),
    ])
  func trainArguments(options: [String], expected: String) throws {
    let run = try Run(["tokenizer", "train", "--text", "a", "-o", "b"] + options)
    #expect(run.code == 64 && run.errors.contains(expected), "\(run.errors)")
  }
}
