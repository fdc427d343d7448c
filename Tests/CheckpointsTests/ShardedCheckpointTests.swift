import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct ShardedCheckpointTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(
      SafetensorsBytes.file([("a", "U8", [2], [1, 2]), ("extra", "U8", [1], [9])]), to: "one")
    try folder.write(SafetensorsBytes.file([("b", "U8", [1], [3])]), to: "two")
  }

  private func open(_ index: String) throws -> ShardedCheckpoint {
    try ShardedCheckpoint(index: folder.write(Array(index.utf8), to: "index.json"))
  }

  @Test("The index decides which tensors belong, and the rest is noted")
  func selection() throws {
    let checkpoint = try open(
      #"{"metadata":{"total_size":3},"weight_map":{"b":"two","a":"one"}}"#)
    #expect(checkpoint.records.map(\.name) == ["a", "b"])
    #expect(checkpoint.format == "safetensors shards")
    #expect(checkpoint.notes.count == 1)
    #expect(checkpoint.notes.first?.contains("one holds 1 tensors") == true)
    #expect(checkpoint.files.count == 2)
  }

  @Test("A tensor that its shard lacks is an error that names both")
  func missingTensor() throws {
    let error = #expect(throws: CheckpointError.self) {
      try open(#"{"weight_map":{"a":"one","b":"one"}}"#)
    }
    #expect(error?.reason == .incomplete)
    #expect(error?.tensor == "b")
    #expect(error?.detail.contains("one") == true)
  }

  @Test("A shard that is missing is an error of the index")
  func missingShard() throws {
    let error = #expect(throws: CheckpointError.self) { try open(#"{"weight_map":{"a":"three"}}"#) }
    #expect(error?.reason == .incomplete)
    #expect(error?.path.hasSuffix("index.json") == true)
  }

  @Test(
    "Shards outside the index's folder are refused",
    arguments: ["../one", "/etc/passwd", "..", ".", "", "sub/one", "one\\u0000"])
  func escapes(shard: String) {
    let error = #expect(throws: CheckpointError.self) {
      try open(#"{"weight_map":{"a":"\#(shard)"}}"#)
    }
    #expect(error?.reason == .malformed)
  }

  @Test("A shard that is a symbolic link to another folder is refused")
  func linkedOut() throws {
    let elsewhere = try folder.write(
      SafetensorsBytes.file([("a", "U8", [1], [1])]), to: "elsewhere/shard")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/linked", withDestinationPath: elsewhere)
    let error = #expect(throws: CheckpointError.self) {
      try open(#"{"weight_map":{"a":"linked"}}"#)
    }
    #expect(error?.reason == .malformed)
    #expect(error?.detail.contains("linked is a symbolic link") == true)
  }

  @Test("Links of index and shards to one folder are followed, as those of Hugging Face's cache")
  func linkedTogether() throws {
    _ = try open(#"{"weight_map":{"a":"one"}}"#)
    for name in ["index.json", "one"] {
      try FileManager.default.createDirectory(
        atPath: folder.path + "/snapshot", withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: folder.path + "/snapshot/" + name, withDestinationPath: "../" + name)
    }
    let checkpoint = try ShardedCheckpoint(index: folder.path + "/snapshot/index.json")
    #expect(checkpoint.records.map(\.name) == ["a"])
  }

  @Test("An index of more tensors than any model has is refused")
  func tooManyTensors() {
    let entries = (0...500_000).map { "\"\(String($0, radix: 36))\":\"one\"" }
    let error = #expect(throws: CheckpointError.self) {
      try open("{\"weight_map\":{\(entries.joined(separator: ","))}}")
    }
    #expect(error?.detail.contains("more than 500000 tensors") == true)
  }

  @Test(
    "What is no index is refused",
    arguments: [
      "{}", "[]", #"{"weight_map":[]}"#, #"{"weight_map":{"a":1}}"#, #"{"weight_map":{}}x"#,
      #"{"weight_map":{"a":"one","a":"two"}}"#, #"{"weight_map":{},"weight_map":{}}"#,
      #"{"weight_map":{"a":"one"}"#,
    ])
  func malformed(index: String) {
    let error = #expect(throws: CheckpointError.self) { try open(index) }
    #expect(error?.reason == .malformed)
  }

  @Test("Shards of PyTorch archives work alike")
  func torchShards() throws {
    let pickle = PickleBytes.file(
      PickleBytes.dictionary([("t", PickleBytes.tensor(count: 1, shape: [1], strides: [1]))]))
    let archive = ZipBytes.torch(pickle: pickle, storages: [("0", [0, 0, 128, 63])])
    try folder.write(archive.bytes, to: "three")
    let checkpoint = try open(#"{"weight_map":{"t":"three"}}"#)
    #expect(checkpoint.format == "pytorch shards")
    #expect(try elementBytes(checkpoint.records[0]) == [0, 0, 128, 63])
  }
}
