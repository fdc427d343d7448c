import Foundation
import TestSupport
import Testing

@Suite struct NormsCommandTests {
  @Test("A comparison ends with 0, a table and no errors")
  func table() throws {
    let run = try Run("norms", fixture("base"), fixture("tuned"))
    #expect(run.code == 0)
    #expect(run.errors == "")
    #expect(run.output.contains("base→tuned: 28 compared, 4 buffer, 1 tied"))
    #expect(run.output.contains("h.1.attn.c_attn.weight"))
    #expect(run.output.contains("all tensors"))
    #expect(run.output.contains("rms by kind (down) and layer (across)"))
  }

  @Test("Warnings end with 3 under --strict, and with 0 without")
  func strict() throws {
    #expect(try Run("norms", fixture("base"), fixture("tuned"), "--strict").code == 0)
    for other in ["nonfinite", "linear"] {
      #expect(try Run("norms", fixture("base"), fixture(other)).code == 0)
      #expect(try Run("norms", fixture("base"), fixture(other), "--strict").code == 3)
    }
    let arguments = ["norms", fixture("base"), fixture("linear"), "--match-transposed", "--strict"]
    #expect(try Run(arguments).code == 0)
  }

  @Test("NaN and infinite values are warned about, in one line")
  func warning() throws {
    let run = try Run("norms", fixture("base"), fixture("nonfinite"))
    #expect(run.errorLines == ["transect: warning: 3 values are NaN or infinite"])
    #expect(try Run("norms", fixture("base"), fixture("nonfinite"), "-q").errors == "")
  }

  @Test("A head of JSON, a row for each tensor, then what is left out")
  func json() throws {
    let objects = try Run("norms", fixture("base"), fixture("nonfinite"), "--json").objects()
    #expect(objects[0]["kind"] as? String == "header")
    #expect(objects[0]["schema"] as? String == "transect.norms/1")
    let rows = objects.filter { $0["kind"] as? String == "row" }
    #expect(rows.count == 28)
    #expect(rows.allSatisfy { Set($0.keys) == Set(rows[0].keys) })
    let spoiled = try #require(rows.first { $0["tensor"] as? String == "wte.weight" })
    #expect(spoiled["diff_l2"] is NSNull)
    #expect(spoiled["n_nan_b"] as? Int == 1)
    #expect(objects.filter { $0["kind"] as? String == "coverage" }.count == 6)
    #expect(objects.allSatisfy { !$0.isEmpty })
  }

  @Test("Comma-separated values have as many cells in every line")
  func csv() throws {
    let run = try Run("norms", fixture("base"), fixture("tuned"), fixture("nonfinite"), "--csv")
    let cells = run.output.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    #expect(cells.count == 1 + 2 * 28)
    #expect(Set(cells.map(\.count)).count == 1)
    #expect(Set(cells[0]).count == cells[0].count)
    #expect(run.table.filter { $0["diff_l2"] == "" }.count == 3)
  }

  @Test("Groups, orders, limits and scales are what was asked for")
  func options() throws {
    let arguments = ["norms", fixture("base"), fixture("tuned"), "--csv"]
    #expect(try Run(arguments + ["--by", "layer"]).table.count == 3)
    #expect(try Run(arguments + ["--by", "total"]).table.count == 1)
    let top = try Run(arguments + ["--sort", "distance", "--top", "5"]).table
    let distances = top.compactMap { Double($0["distance"] ?? "") }
    #expect(distances.count == 5)
    #expect(distances == distances.sorted(by: >))
    let scaled = try Run(arguments + ["--scale", "l2"]).table
    #expect(scaled.allSatisfy { $0["distance"] == $0["diff_l2"] })
  }

  @Test("Names are taken or left by regular expressions")
  func filters() throws {
    let arguments = ["norms", fixture("base"), fixture("tuned"), "--csv"]
    let matrices = try Run(arguments + ["--include", #"attn\..*weight$"#]).table
    #expect(matrices.count == 4)
    #expect(try Run(arguments + ["--exclude", #"^h\."#]).table.count == 4)
    let both = try Run(arguments + ["--include", #"^h\.0\."#, "--exclude", "ln|mlp"]).table
    #expect(both.count == 4)
  }

  @Test("Quiet says nothing, verbose tells the peak memory")
  func loudness() throws {
    let quiet = try Run("norms", fixture("base"), fixture("tuned"), "--quiet")
    #expect(quiet.code == 0 && quiet.output == "" && quiet.errors == "")
    let verbose = try Run("norms", fixture("base"), fixture("tuned"), "--verbose")
    #expect(verbose.errors.hasPrefix("peak memory "))
    #expect(verbose.errorLines.count == 1)
  }

  @Test("In the family that ships, a stranger is farther than a relative in every tensor")
  func miniatures() throws {
    let run = try Run("norms", miniature("base"), miniature("tuned"), miniature("scratch"), "--csv")
    #expect(run.code == 0)
    let rows = Dictionary(grouping: run.table) { $0["tensor"] ?? "" }
    #expect(rows.count == 76)
    for pair in rows.values {
      let distances = pair.compactMap { Double($0["distance"] ?? "") }
      // A few steps from the base, and thousands from another start: any such family has far more.
      #expect(distances.count == 2 && distances[1] > 2 * distances[0])
    }
  }
}
