import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Suite(.enabled(if: Zoo.isPresent, Comment(rawValue: Zoo.absence)))
struct ZooTests {
  private static let groups = Zoo.cases(
    "safetensors-", "gpt2-folder-", "torch-", "npy-", "gguf-")

  @Test(
    "Good checkpoints give every tensor, bit for bit",
    arguments: groups.filter { $0.valid == true },
    InputMode.allCases)
  func good(zooCase: Zoo.Case, mode: InputMode) throws {
    try expectTensors(of: zooCase, in: openCheckpoint(zooCase.path, mode: mode))
  }

  @Test("Bad checkpoints are refused in one line", arguments: groups.filter { $0.valid == false })
  func bad(zooCase: Zoo.Case) throws {
    try expectRefusal(of: zooCase)
  }

  @Test(
    "Disputable checkpoints are read right or refused", arguments: groups.filter { $0.valid == nil }
  )
  func either(zooCase: Zoo.Case) throws {
    if let checkpoint = try? openCheckpoint(zooCase.path) {
      try expectTensors(of: zooCase, in: checkpoint)
    } else {
      try expectRefusal(of: zooCase)
    }
  }

  @Test(
    "Opening hostile pickles ran nothing", arguments: groups.filter { $0.group == "torch-hostile" })
  func inert(zooCase: Zoo.Case) throws {
    _ = try? openCheckpoint(zooCase.path)
    let traces = try Set(["/tmp", NSTemporaryDirectory()]).flatMap {
      try FileManager.default.contentsOfDirectory(atPath: $0)
    }
    #expect(!traces.contains { $0.hasPrefix("WG_PWNED_") })
  }

  @Test("The same weights in PyTorch's format and in safetensors are the same")
  func twoFormats() throws {
    let stem = Zoo.folder + "/models/akiki/akiki-vad"
    let archive = try openCheckpoint(stem + ".pt")
    let other = try openCheckpoint(stem + ".safetensors")
    let digests = { (checkpoint: any Checkpoint) in
      try Dictionary(
        uniqueKeysWithValues: checkpoint.records.map { ($0.name, try elementDigest($0)) })
    }
    #expect(archive.records.count == 15)
    #expect(try digests(archive) == digests(other))
  }

  private func expectTensors(of zooCase: Zoo.Case, in checkpoint: any Checkpoint) throws {
    let records = Dictionary(
      checkpoint.records.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    #expect(records.count == checkpoint.records.count)
    for (name, expected) in zooCase.tensors ?? [:] {
      let record = try #require(records[ZooTests.name(name, in: checkpoint)], "\(name)")
      #expect(record.dtype == FormatFixture.elementTypes[expected.dtype], "\(name)")
      #expect(record.shape.dimensions == expected.shape, "\(name)")
      #expect(try elementDigest(record) == expected.sha256, "\(name)")
    }
    try checkpoint.verifyUnchanged()
  }

  /// A file of one array gives it no name, and archives of arrays may part names by slashes.
  private static func name(_ listed: String, in checkpoint: any Checkpoint) -> TensorName {
    guard checkpoint.format.hasPrefix("np") else { return TensorName(listed) }
    return TensorName(
      listed.isEmpty ? "arr_0" : listed.replacingOccurrences(of: "/", with: "."))
  }

  private func expectRefusal(of zooCase: Zoo.Case) throws {
    let error = #expect(throws: CheckpointError.self) { try openCheckpoint(zooCase.path) }
    let description = try #require(error?.description)
    #expect(description.isOneLine)
    #expect(description.contains(baseName(zooCase.file)))
  }
}
