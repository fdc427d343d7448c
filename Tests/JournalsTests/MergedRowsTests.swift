import Checkpoints
import Glibc
import Journals
import TestSupport
import Testing

@Suite struct MergedRowsTests {
  private let folder: TemporaryFolder
  private var journals: String { folder.path + "/r.journal" }

  init() throws { folder = try TemporaryFolder() }

  private func write(
    _ shard: String, run: String = "a", plan: String = "{}", _ rows: [String: String]
  )
    throws
  {
    let journal = try Journal(in: journals, run: run, shard: Shard(shard))
    try journal.append(MergedRows.planKey, plan)
    for (key, value) in rows.sorted(by: { $0.key < $1.key }) { try journal.append(key, value) }
  }

  @Test("Rows of all shards are there, those done twice once, whatever the number of shards")
  func union() throws {
    try write("1/2", ["x": "1"])
    try write("2/2", ["y": "2"])
    try write("1/2", ["x": "1", "z": "3"])
    try write("3/5", ["y": "2"])
    let merged = try MergedRows([journals])
    #expect(merged.rows == ["x": "1", "y": "2", "z": "3"] && merged.plan == "{}")
    #expect(merged.contradictions.isEmpty)
  }

  @Test("Each process has a file of its own, also for the same shard at once")
  func files() throws {
    let first = try Journal(in: journals, run: "a", shard: Shard("1/2"))
    let second = try Journal(in: journals, run: "a", shard: Shard("1/2"))
    try first.append(MergedRows.planKey, "{}")
    try first.append("x", "1")
    try second.append("y", "2")
    #expect(try MergedRows([journals]).rows == ["x": "1", "y": "2"])
    #expect(access(journals + "/shard-1-of-2.2.jsonl", F_OK) == 0)
  }

  @Test("A row with two values is told")
  func contradictions() throws {
    try write("1/2", ["x": "1"])
    try write("1/2", ["x": "1.5"])
    let merged = try MergedRows([journals])
    #expect(merged.rows == ["x": "1"] && merged.contradictions == ["x"])
  }

  @Test("Of two plans that of a journal named first is taken, and otherwise none")
  func plans() throws {
    try write("1/2", plan: "{\"a\":1}", ["x": "1"])
    try write("2/2", plan: "{\"b\":2}", ["y": "2"])
    #expect(throws: OutputError.self) { try MergedRows([journals]) }
    let chosen = try MergedRows([journals + "/shard-2-of-2.1.jsonl", journals])
    #expect(chosen.plan == "{\"b\":2}" && chosen.rows == ["x": "1", "y": "2"])
  }

  @Test("Journals of two runs are not joined, and a folder without journals is told")
  func refusals() throws {
    try write("1/2", ["x": "1"])
    let other = folder.path + "/other.journal"
    let journal = try Journal(in: other, run: "b", shard: Shard("1/2"))
    try journal.append(MergedRows.planKey, "{}")
    #expect(throws: OutputError.self) { try MergedRows([journals, other]) }
    #expect(throws: OutputError.self) { try MergedRows([folder.path]) }
  }
}
