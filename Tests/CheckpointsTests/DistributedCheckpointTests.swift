import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite struct DistributedCheckpointTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.copyItem(
      atPath: FormatFixture.folder + "/blocks/sharded", toPath: folder.path + "/sharded")
  }

  private func open() throws -> any Checkpoint { try openCheckpoint(folder.path + "/sharded") }

  @Test("The model is what lies under 'model'; the rest is noted and left out")
  func model() throws {
    let checkpoint = try open()
    #expect(checkpoint.notes.contains { $0.contains("'model'") })
    #expect(checkpoint.notes.contains { $0.hasSuffix("left out: 2") })
    #expect(checkpoint.format == "pytorch distributed")
    #expect(checkpoint.files.count > 1)
  }

  @Test("A file of blocks that is missing or cut off is named")
  func missing() throws {
    let file = folder.path + "/sharded/__3_0.distcp"
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
    try folder.write(Array(bytes.dropLast(9)), to: "sharded/__3_0.distcp")
    let cut = #expect(throws: CheckpointError.self) { try open() }
    #expect(cut?.path == file)
    try FileManager.default.removeItem(atPath: file)
    expectError(.unreadable, "__3_0.distcp") { try open() }
  }

  @Test("A block's file is one beside the metadata, and nothing is called")
  func metadata() throws {
    let path = folder.path + "/sharded/.metadata"
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    let escaping = bytes.replacing(Array("__1_0.distcp".utf8), with: Array("/etc/passwd!".utf8))
    try folder.write(escaping, to: "sharded/.metadata")
    let error = #expect(throws: CheckpointError.self) { try open() }
    #expect(error?.detail.contains("not the name of a file") == true)
    // A class that is unknown where no tensor depends on it is passed over, never made.
    try folder.write(
      bytes.replacing(Array("_get_layout".utf8), with: Array("_got_layout".utf8)),
      to: "sharded/.metadata")
    #expect(try open().records.count == 6)
  }

  @Test("Blocks that do not cover their tensor are refused")
  func blocks() throws {
    let path = folder.path + "/sharded/.metadata"
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    // The size [7, 6] of `w` becomes [8, 6].
    let changed = bytes.replacing([0x4B, 7, 0x4B, 6], with: [0x4B, 8, 0x4B, 6])
    #expect(changed != bytes)
    try folder.write(changed, to: "sharded/.metadata")
    expectError(.malformed, "no grid", tensor: "model.w") { try open() }
  }
}
