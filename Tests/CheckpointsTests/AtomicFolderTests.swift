import Foundation
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct AtomicFolderTests {
  private let parent: TemporaryFolder
  private var path: String { parent.path + "/out" }

  init() throws { parent = try TemporaryFolder() }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test("A folder appears when it is whole")
  func appearing() throws {
    let source = try parent.write(Array("text".utf8), to: "in/config.json")
    let folder = try AtomicFolder(path + "/")
    try folder.copy(source)
    #expect(!FileManager.default.fileExists(atPath: path))
    try folder.commit()
    #expect(try names(path) == ["config.json"])
    #expect(try names(parent.path) == ["in", "out"])
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: path + "/config.json")) == Data("text".utf8))
  }

  @Test("In a folder that exists, namesakes are replaced and the others stay")
  func replacing() throws {
    try parent.write([1], to: "out/config.json")
    try parent.write([2], to: "out/mine.txt")
    let folder = try AtomicFolder(path)
    try folder.copy(try parent.write([3], to: "in/config.json"))
    try folder.commit()
    #expect(try names(path) == ["config.json", "mine.txt"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path + "/config.json")) == Data([3]))
    _ = consume folder
    #expect(try names(parent.path) == ["in", "out"])
  }

  @Test("Where a folder is there, all its files change at once, and it keeps its mode")
  func exchanging() throws {
    try parent.write([1], to: "out/a")
    try parent.write([1], to: "out/b")
    chmod(path, 0o750)
    let before = open(path, O_RDONLY | O_DIRECTORY)
    defer { close(before) }
    let folder = try AtomicFolder(path)
    try folder.copy(try parent.write([2], to: "in/a"))
    try folder.commit(removing: { $0 == "b" })
    // Who has the old folder open sees it as it was until the last reference to the new one goes.
    #expect(faccessat(before, "b", F_OK, 0) == 0)
    #expect(try names(path) == ["a"])
    _ = consume folder
    #expect(try names(parent.path) == ["in", "out"])
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o750)
  }

  @Test("In a folder that holds another, files are replaced one after the other")
  func holdingAnother() throws {
    try parent.write([1], to: "out/a")
    try parent.write([1], to: "out/mine.txt")
    try parent.write([1], to: "out/inner/c")
    let folder = try AtomicFolder(path)
    try folder.copy(try parent.write([2], to: "in/a"))
    try folder.commit()
    #expect(try names(path) == ["a", "inner", "mine.txt"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path + "/a")) == Data([2]))
    #expect(try names(path + "/inner") == ["c"])
    _ = consume folder
    #expect(try names(parent.path) == ["in", "out"])
  }

  @Test("A symbolic link to a folder stays one, and the files go where it leads")
  func link() throws {
    try parent.write([1], to: "there/mine.txt")
    try FileManager.default.createSymbolicLink(
      atPath: path, withDestinationPath: parent.path + "/there")
    let folder = try AtomicFolder(path)
    try folder.copy(try parent.write([3], to: "in/config.json"))
    try folder.commit()
    #expect(try names(parent.path + "/there") == ["config.json", "mine.txt"])
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path).hasSuffix("there"))
  }

  @Test("A folder that is not committed leaves nothing")
  func abandoning() throws {
    let source = try parent.write([1], to: "in/config.json")
    do {
      let folder = try AtomicFolder(path)
      try folder.copy(source)
      #expect(throws: CheckpointError.self) { try folder.copy(parent.path + "/missing") }
    }
    #expect(try names(parent.path) == ["in"])
  }

  @Test("A fault names the file as it was to be called, not where it lies for the time being")
  func naming() throws {
    let folder = try AtomicFolder(path + "/")
    let error = try #require(throws: OutputError.self) {
      try folder.fill { try writeAtomically([1], to: $0 + "/missing/a.json") }
    }
    #expect(error.path == path + "/missing/a.json")
    #expect(error.description.hasPrefix(path + "/missing/a.json: cannot be created: "))
    #expect(throws: CheckpointError.self) { try folder.fill { _ in try folder.copy("/missing") } }
  }

  @Test("Companions are the configuration and the tokenizer, not weights or notes")
  func companions() throws {
    let file = try parent.checkpoint("in/model.safetensors", [])
    for name in ["vocab.txt", "config.json", "notes.txt", "pytorch_model.bin"] {
      try parent.write([1], to: "in/" + name)
    }
    #expect(companionFiles(of: file).map(baseName) == ["config.json", "vocab.txt"])
  }
}
