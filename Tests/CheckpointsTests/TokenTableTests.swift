import Tensors
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct TokenTableTests {
  private let folder: TemporaryFolder
  private let model: any Checkpoint

  init() throws {
    folder = try TemporaryFolder()
    model = try folder.checkpoint("model.safetensors", [.init("a", [1], [1])])
  }

  private func table(_ name: String, _ text: String) throws -> TokenTable? {
    try folder.write(Array(text.utf8), to: name)
    return try TokenTable(beside: model)
  }

  @Test("Without a vocabulary there is no table")
  func none() throws { #expect(try TokenTable(beside: model) == nil) }

  @Test(
    "Every form gives the same numbers",
    arguments: [
      ("vocab.json", #"{"b": 1, "a": 0, "\u00e9": 2}"#), ("vocab.txt", "a\nb\r\n\u{e9}\n"),
      ("tokenizer.json", #"{"x": [1], "model": {"type": "BPE", "vocab": {"a":0,"b":1,"é":2}}}"#),
      ("tokenizer.json", #"{"model": {"vocab": [["a", -1.5], ["b", 0], ["é", 1e3]]}}"#),
    ])
  func forms(name: String, text: String) throws {
    let numbers = try #require(try table(name, text)).numbers
    #expect(numbers == ["a": 0, "b": 1, "\u{e9}": 2])
  }

  @Test("Tokens that look alike and have other bytes are two")
  func bytes() throws {
    let numbers = try #require(try table("vocab.json", #"{"é": 0, "e\u0301": 1}"#)).numbers
    #expect(numbers.count == 2)
  }

  @Test("Tokens added later count, from wherever they are told")
  func added() throws {
    _ = try table("vocab.json", #"{"a": 0}"#)
    _ = try table("added_tokens.json", #"{"<x>": 1}"#)
    let text = #"{"added_tokens": [{"id": 2, "content": "<y>", "special": true}], "model": {}}"#
    #expect(try table("tokenizer.json", text)?.numbers == ["a": 0, "<x>": 1, "<y>": 2])
    #expect(
      throws: CheckpointError.self,
      performing: { try table("tokenizer.json", #"{"added_tokens": [{}]}"#) })
  }

  @Test("Merges are told apart by their rules, not by their comment or line ends")
  func merges() throws {
    _ = try table("vocab.json", #"{"a": 0}"#)
    let digests = try ["#version: 0.2\na b\nab c\n", "a b\r\nab c", "ab c\na b\n"].map {
      try table("merges.txt", $0)?.merges
    }
    #expect(digests[0] == digests[1] && digests[1] != digests[2] && digests[0] != nil)
  }

  @Test("The first file of the order decides")
  func order() throws {
    _ = try table("vocab.txt", "x\n")
    #expect(try table("vocab.json", #"{"y": 7}"#)?.numbers == ["y": 7])
  }

  @Test(
    "What cannot be understood names the file and the byte",
    arguments: [
      ("vocab.json", #"{"a": -1}"#), ("vocab.json", "[]"), ("tokenizer.json", #"{"model": 3}"#),
      ("tokenizer.json", #"{"model": {"vocab": [[3]]}}"#),
      ("vocab.json", #"{"a": 99999999999999999999}"#),
    ])
  func malformed(name: String, text: String) throws {
    let error = try #require(throws: CheckpointError.self) { _ = try table(name, text) }
    #expect(error.description.contains(name) && error.description.contains("byte "))
  }
}
