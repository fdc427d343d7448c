import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite struct InputFileTests {
  private let folder: TemporaryFolder
  private let path: String
  private static let byteCount = 1 << 20

  init() throws {
    folder = try TemporaryFolder()
    path = try folder.write(Array(repeating: 7, count: InputFileTests.byteCount), to: "file")
  }

  private func readAll(_ file: InputFile) throws -> Int {
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: file.byteCount, alignment: 8)
    defer { scratch.deallocate() }
    let bytes = try file.bytes(0..<file.byteCount, scratch: scratch)
    return bytes.reduce(0) { $0 + Int($1) }
  }

  @Test("A file that stays as it is passes", arguments: InputMode.allCases)
  func unchanged(mode: InputMode) throws {
    let file = try InputFile(path, mode: mode)
    #expect(try readAll(file) == 7 * InputFileTests.byteCount)
    try file.verifyUnchanged()
  }

  @Test(
    "A file cut off while it is read gives an error, not a crash", arguments: InputMode.allCases)
  func truncated(mode: InputMode) throws {
    let file = try InputFile(path, mode: mode)
    truncate(path, 100)
    let error = #expect(throws: CheckpointError.self) {
      _ = try readAll(file)
      try file.verifyUnchanged()
    }
    #expect(error?.reason == .changedWhileReading)
  }

  @Test("A file cut off and grown again is still noticed")
  func truncatedThenGrown() throws {
    let file = try InputFile(path)
    truncate(path, 100)
    #expect(try readAll(file) == 700)
    truncate(path, InputFileTests.byteCount)
    #expect(throws: CheckpointError.self) { try file.verifyUnchanged() }
  }

  @Test("A cut-off file harms no other mapping")
  func otherMappings() throws {
    let other = try InputFile(folder.write(Array(repeating: 1, count: 9000), to: "other"))
    let file = try InputFile(path)
    truncate(path, 0)
    #expect(try readAll(file) == 0)
    #expect(throws: CheckpointError.self) { try file.verifyUnchanged() }
    #expect(try readAll(other) == 9000)
    try other.verifyUnchanged()
  }

  @Test("Released pages come back with the same bytes", arguments: InputMode.allCases)
  func releasedPages(mode: InputMode) throws {
    let file = try InputFile(path, mode: mode)
    for parts in [1, 2, 3, 1000] {
      _ = try readAll(file)
      for part in 0..<parts { file.releasePages(part: part, of: parts) }
      #expect(try readAll(file) == 7 * InputFileTests.byteCount)
    }
    try file.verifyUnchanged()
  }

  @Test("A file written to is noticed by its time")
  func rewritten() throws {
    let file = try InputFile(path)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: path)
    let error = #expect(throws: CheckpointError.self) { try file.verifyUnchanged() }
    #expect(error?.reason == .changedWhileReading)
  }

  @Test("An empty file has nothing to map")
  func empty() throws {
    let file = try InputFile(folder.write([], to: "empty"))
    #expect(try readAll(file) == 0)
    try file.verifyUnchanged()
  }

  @Test("Folders, devices and pipes are no checkpoints")
  func notRegular() throws {
    let pipe = folder.path + "/pipe"
    mkfifo(pipe, 0o600)
    for other in [folder.path, "/dev/zero", pipe, folder.path + "/none"] {
      let error = #expect(throws: CheckpointError.self) { try InputFile(other) }
      #expect(error?.reason == .unreadable)
    }
  }
}
