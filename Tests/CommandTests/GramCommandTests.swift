import Foundation
import TestSupport
import Testing

@Suite struct GramCommandTests {
  private let family = ["base", "tuned", "tuned-negative", "scratch"].map(miniature)

  @Test("Distances are those of norms, in a row for each pair")
  func pairs() throws {
    let run = try Run(["gram"] + family + ["--csv", "--base", "base"])
    #expect(run.code == 0 && run.errors == "")
    #expect(run.table.count == 6)
    let norms = try Run(["norms"] + family + ["--by", "total", "--csv"]).table
    for (row, other) in zip(run.table, norms) {
      let (ours, theirs) = (Double(row["rms"] ?? ""), Double(other["diff_scaled"] ?? ""))
      // Both are exact to 1e-12.
      #expect(abs((ours ?? 0) / (theirs ?? 1) - 1) < 1e-12)
    }
  }

  @Test(
    "The screen keeps to the width, whatever the number of checkpoints", arguments: ["50", "80"])
  func width(columns: String) throws {
    let run = try Run(
      ["gram"] + family + family + family, environment: ["COLUMNS": columns])
    #expect(run.code == 0)
    let head = run.lines.drop { !$0.hasPrefix("rms =") }
    #expect(
      head.prefix { !$0.hasPrefix("checkpoint") }.allSatisfy { $0.count <= Int(columns) ?? 0 })
  }

  @Test("A result file gives the point that the checkpoints give, without them")
  func stored() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/gram.h5"
    #expect(try Run(["gram"] + family + ["-q", "-o", path]).code == 0)
    for grouping in ["total", "layer", "kind", "tensor"] {
      let options = ["--at=0.5,0.7,-0.1,-0.1", "--by", grouping, "--csv"]
      let (fresh, read) = try (Run(["gram"] + family + options), Run(["gram", path] + options))
      #expect(fresh.code == 0 && read.code == 0)
      #expect(read.table.count == fresh.table.count && !read.table.isEmpty)
      for (a, b) in zip(read.table, fresh.table) {
        #expect(a["group"] == b["group"] && a["tensor"] == b["tensor"])
        let (x, y) = (Double(a["distance"] ?? "") ?? 0, Double(b["distance"] ?? "") ?? 1)
        // Groups are merged with the error terms in one, from rounded sums in the other.
        #expect(abs(x - y) <= 1e-9 * y)
      }
    }
  }

  @Test("Equal runs write equal files, whatever the threads and the memory")
  func output() throws {
    let folder = try TemporaryFolder()
    let paths = ["1.h5", "2.h5"].map { folder.path + "/" + $0 }
    let options = [["--threads", "1"], ["--threads", "3", "--io", "pread", "--memory", "32MB"]]
    for (path, options) in zip(paths, options) {
      #expect(try Run(["gram"] + family + ["-q", "-o", path] + options).code == 0)
    }
    #expect(try content(paths[0]) == content(paths[1]))
  }

  @Test(
    "Wrong arguments are told",
    arguments: [
      ["a"], ["a", "--at", "1", "-o", "b.h5"], ["a", "b", "--at", "1,x"],
      Array(repeating: "a", count: 65),
    ])
  func wrong(arguments: [String]) throws {
    #expect(try Run(["gram"] + arguments).code == 64)
  }

  @Test("Another number of coefficients than checkpoints is a wrong argument")
  func coefficients() throws {
    #expect(try Run(["gram"] + family + ["--at", "1,2"]).code == 64)
  }

  @Test("A file that is no result of ours is refused with one line")
  func foreign() throws {
    let folder = try TemporaryFolder()
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    let fake = signature + Array("transect_schema".utf8) + [UInt8](repeating: 7, count: 4000)
    for content in [[], Array("text".utf8), signature, fake] {
      let path = try folder.write(content, to: "foreign.h5")
      let run = try Run("gram", path, "--at", "1")
      #expect(run.code == 2 && run.errorLines.count == 1)
    }
    let norms = folder.path + "/norms.h5"
    #expect(try Run("norms", family[0], family[1], "-q", "-o", norms).code == 0)
    #expect(try Run("gram", norms, "--at", "1,0").errors.contains("no result of `transect gram`"))
  }
}

@Suite struct SolveCommandTests {
  private let base = miniature("base")
  private let tuned = miniature("tuned")

  @Test("A checkpoint is itself, a fine-tune is no mixture of others; exit codes say so")
  func codes() throws {
    let itself = try Run("solve", base, "--from", tuned, base)
    #expect(itself.code == 0 && itself.lines[0].hasPrefix("MIXTURE   base = 1.0000 base#2"))
    let other = try Run("solve", tuned, "--from", miniature("tuned-negative"), "--base", base)
    #expect(other.code == 1 && other.lines[0].hasPrefix("NOT A MIXTURE OF THESE"))
  }

  @Test("With a base it is told how often a delta was applied")
  func ways() throws {
    let applied = try Run("solve", tuned, "--from", tuned, "--base", base, "--json")
    let verdict = try applied.objects().last
    #expect(verdict?["ways"] as? [String] == ["delta from base to tuned#2: applied once"])
    let none = try Run("solve", base, "--from", tuned, "--base", base)
    #expect(none.code == 0 && none.output.contains("not applied"))
  }

  @Test("Equal runs write equal files")
  func output() throws {
    let folder = try TemporaryFolder()
    let paths = ["1.h5", "2.h5"].map { folder.path + "/" + $0 }
    for (path, threads) in zip(paths, ["1", "3"]) {
      let run = try Run(
        "solve", base, "--from", tuned, base, "-q", "-o", path, "--threads", threads)
      #expect(run.code == 0 && run.output == "")
    }
    #expect(try content(paths[0]) == content(paths[1]))
  }

  @Test(
    "Wrong arguments are told",
    arguments: [["a"], ["a", "--from", "b"], ["a", "--from", "b", "c", "--by", "kind"]])
  func wrong(arguments: [String]) throws {
    #expect(try Run(["solve"] + arguments).code == 64)
  }
}
