import Checkpoints
import Glibc
import Journals
import TestSupport
import Testing

@Suite struct JournalTests {
  private func withJournal(_ body: (String) throws -> Void) throws {
    let folder = try TemporaryFolder()
    try body(folder.path + "/r.journal")
  }

  private func bytes(_ path: String) throws -> [UInt8] {
    let file = try InputFile(path, mode: .pread)
    return try file.copy(0..<file.byteCount)
  }

  @Test("Rows come back as they were, by key, whatever they hold")
  func rows() throws {
    try withJournal { folder in
      let first = try Journal(in: folder, run: "a")
      try first.append("0.5", "[1.5,null]")
      try first.append("é\n\"", "{\"x\":\"\\u000a\"}")
      let again = try Journal(in: folder, run: "a", shard: Shard("1/2"))
      #expect(again.rows == ["0.5": "[1.5,null]", "é\n\"": "{\"x\":\"\\u000a\"}"])
    }
  }

  @Test("Cut anywhere, a journal gives the rows that are whole and takes further ones")
  func torn() throws {
    try withJournal { folder in
      do {
        let journal = try Journal(in: folder, run: "a")
        for row in 0..<3 { try journal.append("\(row)", "\(row)") }
      }
      let path = folder + "/rank-0000.jsonl"
      let whole = try bytes(path)
      let ends = whole.indices.filter { whole[$0] == UInt8(ascii: "\n") }
      for length in whole.indices {
        try writeAtomically(Array(whole[..<length]), to: path)
        let journal = try Journal(in: folder, run: "a")
        #expect(journal.rows.count == max(ends.count { $0 < length } - 1, 0))
        try journal.append("new", "9")
        #expect(try Journal(in: folder, run: "a", shard: Shard("1/2")).rows["new"] == "9")
        unlink(folder + "/shard-1-of-2.1.jsonl")
      }
    }
  }

  @Test("A damaged line is left out, and only that one")
  func damaged() throws {
    try withJournal { folder in
      do {
        let journal = try Journal(in: folder, run: "a")
        for row in 0..<3 { try journal.append("\(row)", "\(row)") }
      }
      let path = folder + "/rank-0000.jsonl"
      var content = try bytes(path)
      let ends = content.indices.filter { content[$0] == UInt8(ascii: "\n") }
      content[ends[1] - 2] ^= 1
      try writeAtomically(content, to: path)
      #expect(try Journal(in: folder, run: "a").rows == ["1": "1", "2": "2"])
    }
  }

  @Test("Rows of another run are an error, and stay")
  func otherRun() throws {
    try withJournal { folder in
      do { try Journal(in: folder, run: "a").append("0", "1") }
      #expect(throws: OutputError.self) { try Journal(in: folder, run: "b") }
      #expect(try Journal(in: folder, run: "a").rows == ["0": "1"])
    }
  }

  @Test("A journal of another run without rows is no obstacle, and one with rows goes if it may")
  func discarding() throws {
    try withJournal { folder in
      do { _ = try Journal(in: folder, run: "a") }
      do { try Journal(in: folder, run: "b").append("0", "1") }
      #expect(throws: OutputError.self) { try Journal(in: folder, run: "c") }
      #expect(try Journal(in: folder, run: "b").rows == ["0": "1"])
      do { try Journal(in: folder, run: "c", discardingOthers: true).append("2", "3") }
      #expect(try Journal(in: folder, run: "c").rows == ["2": "3"])
    }
  }

  @Test("Two processes do not write one file")
  func locked() throws {
    try withJournal { folder in
      let journal = try Journal(in: folder, run: "a")
      #expect(throws: OutputError.self) { try Journal(in: folder, run: "a") }
      try journal.append("0", "1")
    }
  }

  @Test("A removed journal leaves nothing")
  func removed() throws {
    try withJournal { folder in
      let journal = try Journal(in: folder, run: "a")
      try journal.append("0", "1")
      journal.remove()
      #expect(access(folder, F_OK) != 0)
    }
  }
}
