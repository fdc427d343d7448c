import Foundation
import TestSupport
import Testing

@Suite struct GramCommandTests {
  private let family = ["base", "tuned", "tuned-negative", "scratch"].map(miniature)

  @Test("Distances are those of norms, in a row for each pair")
  func pairs() throws {
    let run = try Run(["gram"] + family + ["--csv", "--base", "base"])
    #expect(run.code == 0 && run.table.count == 6)
    let norms = try (0..<3).flatMap { first in
      try Run(["norms"] + family[first...] + ["--by", "total", "--csv"]).table
    }
    #expect(norms.count == 6)
    for (row, other) in zip(run.table, norms) {
      let ours = try #require(Double(row["rms"] ?? ""))
      let theirs = try #require(Double(other["diff_scaled"] ?? ""))
      // Both are exact to 1e-12.
      #expect(abs(ours / theirs - 1) < 1e-12)
    }
  }

  @Test(
    "The screen keeps to the width, whatever the number of checkpoints", arguments: ["50", "80"])
  func width(columns: String) throws {
    let run = try Run(
      ["gram"] + family + family + family, environment: ["COLUMNS": columns])
    #expect(run.code == 0)
    let width = try #require(Int(columns))
    let matrices = run.lines.drop { !$0.hasPrefix("rms =") }
      .prefix { !$0.hasPrefix("checkpoint") }
    // Two matrices of twelve rows each, in bands.
    #expect(matrices.count > 24 && matrices.allSatisfy { $0.count <= width })
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
      ["a", "--base", "b"], ["a", "--at", "1", "-o", "b.h5"], ["a", "b", "--at", "1,x"],
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

  @Test("Of a result file, filters take what they take of the checkpoints")
  func storedFilters() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/gram.h5"
    #expect(try Run(["gram"] + family + ["-q", "-o", path]).code == 0)
    for filter in [["--include", "wte"], ["--exclude", "^h"], []] {
      for point in [["--at", "-0.5,0.7,0.9,-0.1"], []] {
        let options = filter + point + ["--csv"]
        let (fresh, read) = try (Run(["gram"] + family + options), Run(["gram", path] + options))
        #expect(fresh.code == 0 && read.code == 0 && !read.table.isEmpty)
        #expect(read.table.map { $0["numel"] } == fresh.table.map { $0["numel"] })
        for (a, b) in zip(read.table, fresh.table) {
          let (x, y) = try (
            #require(Double(a["distance"] ?? "")), #require(Double(b["distance"] ?? ""))
          )
          // Totals are merged with the error terms in one, from rounded sums in the other.
          #expect(abs(x - y) <= 1e-9 * y)
        }
      }
    }
    #expect(try Run("gram", path, "--match-transposed").code == 64)
    let none = try Run("gram", path, "--include", "nomatch")
    #expect(none.code == 2 && none.errors.contains("--include"))
  }

  @Test("A result file alone prints the report that the checkpoints give")
  func storedReport() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/gram.h5"
    let fresh = try Run(["gram"] + family + ["--base", "base", "-o", path])
    let read = try Run("gram", path)
    #expect(fresh.code == 0 && read.code == 0)
    let matrices = fresh.lines.drop { !$0.hasPrefix("rms =") }
    #expect(matrices.contains { $0.hasPrefix("cosines of the ways from base") })
    #expect(read.lines.drop { !$0.hasPrefix("rms =") } == matrices)
  }

  @Test("What can be done instead is told where a result or a single checkpoint is out of place")
  func misplaced() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/gram.h5"
    #expect(try Run("gram", family[0], family[1], "-q", "-o", path).code == 0)
    for arguments in [[family[0]], [family[0], "--at", "1"]] {
      let run = try Run(["gram"] + arguments)
      #expect(run.code == 64 && run.errors.contains("is one checkpoint; name another"))
    }
    let both = try Run("gram", path, family[0])
    #expect(both.code == 64 && both.errors.contains("is read alone"))
    #expect(try Run("gram", folder.path + "/missing.h5").code == 2)
  }

  @Test("A filter that takes nothing is called that, and the base that lacks tensors is not blamed")
  func nothingIncluded() throws {
    let run = try Run("gram", family[0], family[1], "--include", "nomatch")
    #expect(run.code == 2 && run.errors.contains("has no tensor whose name --include"))
  }

  @Test(
    "What not all have with one shape is called so, with its pair, and in CSV on standard error")
  func coverage() throws {
    let folder = try TemporaryFolder()
    let shapes = [[2, 3], [2, 3], [3, 3]]
    let models = try shapes.enumerated().map { number, shape in
      try folder.checkpoint(
        "\(number).safetensors",
        [StoredTensor("w", [4], from: Double(number)), StoredTensor("x", shape, from: 0)]
      ).path
    }
    let text = try Run(["gram"] + models + ["-v"])
    #expect(text.lines.contains("0→1: 1 compared, 1 not in all"))
    #expect(!text.output.contains("excluded"))
    #expect(text.lines.contains { $0.hasPrefix("0→1 ") && $0.contains("not in all checkpoints") })
    #expect(text.output.contains("1 tensor of 4 weights in common"))
    let table = try Run(["gram"] + models + ["--csv"])
    #expect(table.errorLines.prefix(1) == ["0→1: 1 compared, 1 not in all"])
  }

  @Test("A folder, and a file that is no result, are refused as output before anything is read")
  func refusedOutput() throws {
    let folder = try TemporaryFolder()
    let text = try folder.write(Array("text".utf8), to: "notes.txt")
    // The report would be printed before the file is written.
    for (output, words) in [(folder.path, "is a folder"), (text, "--force replaces it")] {
      let run = try Run("gram", family[0], family[1], "-o", output)
      #expect(run.code == 2 && run.output == "" && run.errors.contains(words))
    }
  }

  @Test("Arguments that turn out to be wrong while it runs are answered with the command's usage")
  func usage() throws {
    let run = try Run(["gram"] + family + ["--at", "1,2"])
    #expect(run.code == 64)
    #expect(run.errorLines[0].hasPrefix("Error: --at has 2 coefficients for 4 checkpoints"))
    #expect(run.errorLines[1].hasPrefix("Usage: transect gram "))
    #expect(run.errorLines[2].contains("'transect gram --help'"))
  }
}
