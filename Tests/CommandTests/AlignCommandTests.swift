import Foundation
import TestSupport
import Testing

@Suite struct AlignCommandTests {
  private let folder: TemporaryFolder
  private var out: String { folder.path + "/out" }

  init() throws { folder = try TemporaryFolder() }

  private func align(_ other: String, _ options: String...) throws -> Run {
    try Run(["align", miniature("base"), other, "-o", out] + options)
  }

  @Test("A fine-tune keeps its places, and its folder comes along")
  func tuned() throws {
    let run = try align(miniature("tuned"), "--json")
    #expect(run.code == 0)
    #expect(run.errors == "")
    let rows = try run.objects()
    #expect(rows.first?["schema"] as? String == "transect.align/1")
    let groups = rows.filter { $0["moved"] != nil }
    #expect(groups.count == 13)
    #expect(groups.allSatisfy { $0["moved"] as? Int == 0 })
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: out).sorted() == [
        "config.json", "merges.txt", "model.safetensors", "tokenizer_config.json", "vocab.json",
      ])
    let same = try Run("norms", out, miniature("tuned"), "--by", "total", "--csv")
    #expect(same.table.first?["diff_l2"] == "0.0")
  }

  @Test("An independent model comes nearer, by the same bytes for any number of threads")
  func scratch() throws {
    let first = try align(miniature("scratch"), "--threads", "1")
    #expect(first.code == 0)
    #expect(first.output.contains("residual"))
    let bytes = try content(out + "/model.safetensors")
    #expect(try align(miniature("scratch"), "--threads", "3", "--force", "-q").output == "")
    #expect(try content(out + "/model.safetensors") == bytes)
  }

  @Test("What exists stays without --force, and inputs stay with it")
  func overwriting() throws {
    try folder.write([1], to: "out/mine.txt")
    #expect(try align(miniature("tuned")).errors.contains("--force"))
    #expect(try align(miniature("tuned"), "--force").code == 0)
    #expect(try content(out + "/mine.txt") == [1])
    for input in [miniature("tuned"), miniature("tuned") + "/model.safetensors"] {
      let run = try Run("align", miniature("base"), miniature("tuned"), "-o", input, "--force")
      #expect(run.code == 2)
      #expect(run.errorLines.count == 1)
    }
  }

  @Test("What cannot be aligned ends with 2, one line, and no output")
  func refusals() throws {
    let unknown = try folder.checkpoint("x.safetensors", [.init("adapter", [2], [1, 2])])
    let other = try folder.checkpoint(
      "y.safetensors", [.init("wte.weight", [3, 5], from: 0)])
    let empty = try folder.checkpoint(
      "z.safetensors", [.init("h.0.mlp.c_fc.weight", [8, 0], from: 0)])
    for run in [
      try align(unknown.path), try align(other.path), try align(miniature("tuned"), "--heads", "5"),
      try align(empty.path),
      try align(miniature("tuned"), "--memory", "32MB"),
    ] {
      #expect(run.code == 2)
      #expect(run.errorLines.count == 1)
    }
    #expect(!FileManager.default.fileExists(atPath: out))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
        "x.safetensors", "y.safetensors", "z.safetensors",
      ])
  }

  @Test("Heads of unknown number stay in place, with a warning")
  func unknownHeads() throws {
    let bare = try folder.write(
      content(miniature("tuned") + "/model.safetensors"), to: "bare.safetensors")
    let run = try align(bare)
    #expect(run.code == 0)
    #expect(run.errors.contains("--heads"))
    #expect(!run.output.contains("heads 0"))
  }
}
