import TestSupport
import Testing

@testable import Checkpoints

@Suite struct ZipDirectoryTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func directory(_ bytes: [UInt8]) throws -> ZipDirectory {
    try ZipDirectory(InputFile(folder.write(bytes, to: "file.zip")))
  }

  private func contents(_ zip: ZipBytes) throws -> [[UInt8]] {
    let bytes = zip.bytes
    return try directory(bytes).entries.map { Array(bytes[$0.bytes]) }
  }

  private let two = ZipBytes([.init("a/one", [1, 2, 3]), .init("a/two", [])])

  private func expectMalformed(
    _ bytes: [UInt8], _ word: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) {
      try directory(bytes)
    }
    #expect(error?.reason == .malformed, sourceLocation: sourceLocation)
    #expect(error?.detail.contains(word) == true, sourceLocation: sourceLocation)
  }

  @Test("Entries are found by the central directory")
  func entries() throws {
    #expect(try directory(two.bytes).entries.map(\.name) == ["a/one", "a/two"])
    #expect(try contents(two) == [[1, 2, 3], []])
  }

  @Test("Sizes after the content, padding and a comment change nothing")
  func variants() throws {
    var zip = two
    zip.entries[0].flags = 0x0808
    zip.entries[0].padding = 64
    zip.comment = Array("a comment".utf8)
    #expect(try contents(zip) == [[1, 2, 3], []])
    zip.comment = Array(repeating: 0x50, count: 0xFFFF)
    #expect(try contents(zip) == [[1, 2, 3], []])
  }

  @Test("64-bit fields are read in entries, in the last records, and in both")
  func longFields() throws {
    for (inEntry, inEnd) in [(true, false), (false, true), (true, true)] {
      var zip = two
      zip.entries[1].isLong = inEntry
      zip.isLong = inEnd
      #expect(try contents(zip) == [[1, 2, 3], []])
    }
  }

  @Test("An empty archive has no entries")
  func empty() throws { #expect(try directory(ZipBytes([]).bytes).entries.isEmpty) }

  @Test("Every cut is refused")
  func cuts() {
    let bytes = two.bytes
    for length in 0..<bytes.count {
      #expect(throws: CheckpointError.self) { try directory(Array(bytes.prefix(length))) }
    }
  }

  @Test(
    "Names that lead elsewhere are refused",
    arguments: [
      "", "/a", "../a", "a/../b", "a/..", "..", ".", "./a", "a/./b", "a//b", "a\\b", "a\0b", "//",
    ])
  func badNames(name: String) {
    expectMalformed(ZipBytes([.init(name, [1])]).bytes, "plain path")
  }

  @Test("A name that is not UTF-8 is refused")
  func notUTF8() {
    var bytes = ZipBytes([.init("a", [])]).bytes
    for position in bytes.indices where bytes[position] == UInt8(ascii: "a") {
      bytes[position] = 0xFF
    }
    expectMalformed(bytes, "plain path")
  }

  @Test("Two entries of one name are refused")
  func duplicates() {
    expectMalformed(ZipBytes([.init("a", [1]), .init("a", [2])]).bytes, "twice")
  }

  @Test("Entries that share bytes are refused")
  func overlap() {
    var zip = ZipBytes([.init("a", [1]), .init("b", [2])])
    zip.entries[1].offset = 0
    zip.entries[1].localName = "b"
    expectMalformed(zip.bytes, "no header of that name")
    zip = ZipBytes([.init("a", ZipBytes([.init("b", [2])]).bytes), .init("b", [3])])
    zip.entries[1].offset = 31
    expectMalformed(zip.bytes, "share bytes")
  }

  @Test("An entry that reaches into the directory, or past the file, is refused")
  func reach() {
    var zip = ZipBytes([.init("a", [1])])
    zip.entries[0].size = 10
    expectMalformed(zip.bytes, "reaches into the zip directory")
    zip.entries[0].size = 10_000
    expectMalformed(zip.bytes, "outside the file")
    zip.entries[0].isLong = true
    zip.entries[0].offset = .max
    expectMalformed(zip.bytes, "begins outside the file")
  }

  @Test("An encrypted entry is refused by name", arguments: [1, 0x40, 0x2000] as [UInt16])
  func encrypted(flag: UInt16) {
    var zip = two
    zip.entries[1].flags = flag
    expectMalformed(zip.bytes, "'a/two' is encrypted")
  }

  @Test("A compressed entry is marked as such")
  func compressed() throws {
    var zip = two
    zip.entries[1].method = 8
    #expect(try directory(zip.bytes).entries.map(\.isStored) == [true, false])
  }

  @Test("A count that the directory cannot hold is refused before it is believed")
  func counts() {
    for count: UInt16 in [0, 1, 3, .max] {
      var zip = two
      zip.announcedCount = count
      #expect(throws: CheckpointError.self) { try directory(zip.bytes) }
    }
  }

  @Test("Records at the end that contradict each other are refused")
  func contradiction() {
    var zip = two
    zip.isLong = true
    zip.announcedCount = 1
    var bytes = zip.bytes
    bytes.replaceSubrange(bytes.count - 14..<bytes.count - 12, with: [1, 0])
    expectMalformed(bytes, "contradict")
    expectMalformed([0] + two.bytes, "contradict")
  }
}
