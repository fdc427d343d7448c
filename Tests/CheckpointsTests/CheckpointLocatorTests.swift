import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite struct CheckpointLocatorTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ name: String, tensor: String) throws {
    try folder.write(SafetensorsBytes.file([(tensor, "U8", [1], [1])]), to: name)
  }

  private func openedTensors() throws -> [String] {
    try openCheckpoint(folder.path).records.map(\.name.text)
  }

  @Test("A folder's files are preferred in the order of model hubs")
  func order() throws {
    try write("pytorch_model.bin", tensor: "bin")
    #expect(try openedTensors() == ["bin"])
    try write("shard", tensor: "sharded")
    let index = Array(#"{"weight_map":{"sharded":"shard"}}"#.utf8)
    try folder.write(index, to: "model.safetensors.index.json")
    #expect(try openedTensors() == ["sharded"])
    try write("model.safetensors", tensor: "plain")
    #expect(try openedTensors() == ["plain"])
  }

  @Test("A folder with one checkpoint of another name opens it; with two, it asks")
  func onlyCandidate() throws {
    try write("weights.pt", tensor: "w")
    try folder.write([1], to: "readme.md")
    #expect(try openedTensors() == ["w"])
    try write("other.pth", tensor: "w")
    let error = #expect(throws: CheckpointError.self) { try openedTensors() }
    #expect(error?.reason == .noCheckpoint)
    #expect(error?.detail.contains("other.pth, weights.pt") == true)
  }

  @Test("An empty folder holds no checkpoint")
  func emptyFolder() {
    let error = #expect(throws: CheckpointError.self) { try openedTensors() }
    #expect(error?.reason == .noCheckpoint)
  }

  @Test("A folder with an adapter alone is named as such")
  func adapter() throws {
    _ = try folder.write(Array("{}".utf8), to: "adapter_config.json")
    try write("adapter_model.safetensors", tensor: "w")
    let error = #expect(throws: CheckpointError.self) { try openCheckpoint(folder.path) }
    #expect(error?.reason == .noCheckpoint)
    #expect(error?.detail.contains("PEFT adapter") == true)
    try write("model.safetensors", tensor: "w")
    #expect(try openCheckpoint(folder.path).records.count == 1)
  }

  @Test("What is not there, or is no file, is unreadable", arguments: ["missing", "/dev/null"])
  func unreadable(name: String) {
    let error = #expect(throws: CheckpointError.self) {
      try openCheckpoint(name.hasPrefix("/") ? name : folder.path + "/" + name)
    }
    #expect(error?.reason == .unreadable)
  }

  @Test(
    "Files of other kinds are named",
    arguments: [
      ([], "empty"), (Array("version https://git-lfs.github.com/spec/v1\n".utf8), "git lfs pull"),
      ([0x1F, 0x8B, 8], "gzip"),
      ([0x89] + "HDF\r\n".utf8 + [0x1A, 0x0A], "HDF5"), ([0x80, 2, 0x7D, 0x2E], "bare pickle"),
      (repeated([0x61], 257) + "ustar\u{0}00".utf8, "0.1.10"),
    ] as [([UInt8], String)])
  func otherKinds(bytes: [UInt8], word: String) throws {
    let path = try folder.write(bytes, to: "file")
    let error = #expect(throws: CheckpointError.self) { try openCheckpoint(path) }
    #expect(error?.reason == .unsupported)
    #expect(error?.detail.contains(word) == true)
  }

  @Test("The first bytes decide, not the name")
  func signature() throws {
    try write("model.bin", tensor: "w")
    #expect(try openCheckpoint(folder.path + "/model.bin").format == "safetensors")
  }

  @Test(
    "A header whose length begins as another format does is a header",
    arguments: [0x280, 0x380, 0x480, 0x580, 0x8B1F])
  func lengthLikeMagic(length: Int) throws {
    let header = #"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
    let padded = header + String(repeating: " ", count: length - header.utf8.count)
    let path = try folder.write(SafetensorsBytes.file(header: padded, data: [1]), to: "file")
    #expect(try openCheckpoint(path).records.map(\.name) == ["w"])
  }

  // The environment belongs to the whole process, so each of these runs in its own.

  @Test("A model id is looked up in HF_HUB_CACHE, by branch and by commit")
  func huggingFaceCache() async {
    await #expect(processExitsWith: .success) {
      let cache = try TemporaryFolder()
      let model = "models--org--name/"
      try cache.write(Array("abc123\n".utf8), to: model + "refs/main")
      for (commit, tensor) in [("abc123", "main"), ("def456", "old")] {
        try cache.write(
          SafetensorsBytes.file([(tensor, "U8", [1], [1])]),
          to: model + "snapshots/\(commit)/model.safetensors")
      }
      setenv("HF_HUB_CACHE", cache.path, 1)
      #expect(try openCheckpoint("org/name").records.map(\.name) == ["main"])
      #expect(try openCheckpoint("org/name@def456").records.map(\.name) == ["old"])
      for id in ["org/other", "org/name@x", "../org/name", "org/name@../abc123", "org", "a/b/c"] {
        #expect(throws: CheckpointError.self) { try openCheckpoint(id) }
      }
    }
  }

  @Test("A model's old name finds it under its organization")
  func movedModel() async {
    await #expect(processExitsWith: .success) {
      let cache = try TemporaryFolder()
      try cache.write(
        SafetensorsBytes.file([("w", "U8", [1], [1])]),
        to: "hub/models--openai-community--gpt2/snapshots/main/model.safetensors")
      unsetenv("HF_HUB_CACHE")
      unsetenv("HUGGINGFACE_HUB_CACHE")
      setenv("HF_HOME", cache.path, 1)
      #expect(try openCheckpoint("gpt2").records.count == 1)
    }
  }
}
