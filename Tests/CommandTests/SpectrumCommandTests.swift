import Foundation
import TestSupport
import Testing

@Suite struct SpectrumCommandTests {
  @Test("Singular values of one checkpoint and of two end with 0, a table and no errors")
  func tables() throws {
    let one = try Run("spectrum", fixture("base"))
    #expect(one.code == 0 && one.errors == "")
    #expect(one.lines[0].hasPrefix("base: ") && one.output.contains("‖A‖₂"))
    let two = try Run("spectrum", miniature("base"), miniature("tuned"))
    #expect(two.code == 0 && two.errors == "")
    #expect(two.lines[0] == "base→tuned: 26 matrices, 50 not a matrix")
    #expect(two.output.contains("‖A−B‖₂"))
  }

  @Test("JSON has a head and a row for each matrix; CSV the same rows")
  func machines() throws {
    let arguments = ["spectrum", miniature("base"), miniature("tuned")]
    let objects = try Run(arguments + ["--json"]).objects()
    #expect(objects[0]["schema"] as? String == "transect.spectrum/1")
    let rows = objects.filter { $0["kind"] as? String == "row" }
    #expect(rows.count == 26 && rows.allSatisfy { $0["method"] as? String == "complete" })
    let left = objects.filter { $0["kind"] as? String == "coverage" }
    #expect(left.count == 50 && left.allSatisfy { $0["status"] as? String == "not a matrix" })
    let table = try Run(arguments + ["--csv", "--sort", "spectral", "--top", "3"]).table
    let norms = table.compactMap { Double($0["spectral_norm"] ?? "") }
    #expect(norms.count == 3 && norms == norms.sorted(by: >))
  }

  @Test("What is no matrix, or was excluded, is listed by --verbose and named without it")
  func coverage() throws {
    let arguments = ["spectrum", miniature("base"), "--include", #"h\.0\.attn"#]
    let brief = try Run(arguments)
    #expect(brief.output.contains("not a matrix") && !brief.output.contains("h.0.attn.c_attn.bias"))
    let verbose = try Run(arguments + ["--verbose"])
    #expect(verbose.output.contains("h.0.attn.c_attn.bias") && verbose.output.contains("excluded"))
  }

  @Test("The Frobenius norm is the one that norms gives")
  func consistency() throws {
    let models = [miniature("base"), miniature("scratch")]
    let norms = try Run(["norms"] + models + ["--csv"]).table
    let expected = Dictionary(norms.map { ($0["tensor"], $0["diff_l2"]) }) { first, _ in first }
    for row in try Run(["spectrum"] + models + ["--csv"]).table {
      #expect(row["frobenius_norm"] == expected[row["tensor"]])
    }
  }

  @Test("Result files have the same bytes for any number of threads")
  func resultFiles() throws {
    let folder = try TemporaryFolder()
    let models = ["spectrum", miniature("base"), miniature("tuned"), "-q", "-o"]
    let paths = ["1", "3"].map { folder.path + "/\($0).h5" }
    #expect(try Run(models + [paths[0], "--threads", "1"]).code == 0)
    #expect(try Run(models + [paths[1], "--threads", "3", "--io", "pread"]).code == 0)
    #expect(try content(paths[0]) == content(paths[1]))
  }

  @Test("Names are taken or left by regular expressions; none left ends with 2 and one line")
  func filters() throws {
    let arguments = ["spectrum", miniature("base"), "--csv"]
    #expect(try Run(arguments + ["--include", "attn"]).table.count == 12)
    let none = try Run(arguments + ["--include", "nothing"])
    #expect(none.code == 2 && none.errorLines.count == 1)
  }

  @Test("Rank and verdict stay where the terminal is narrow")
  func narrow() throws {
    let run = try Run(
      ["spectrum", miniature("base"), miniature("tuned")], environment: ["COLUMNS": "60"])
    #expect(run.lines.contains { $0.contains("rank  verdict") })
    #expect(run.lines.dropFirst(2).allSatisfy { $0.count <= 60 })
  }

  @Test("NaN and infinite values are warned about, in one line")
  func warning() throws {
    let run = try Run("spectrum", fixture("base"), fixture("nonfinite"))
    #expect(run.code == 0)
    #expect(run.errorLines.count == 1 && run.errors.contains("NaN or infinite"))
  }

  @Test(
    "Wrong arguments end with 64",
    arguments: [["--leading", "0"], ["--top", "0"], ["--match-transposed"], ["--sort", "x"]])
  func wrongArguments(options: [String]) throws {
    #expect(try Run(["spectrum", fixture("base")] + options).code == 64)
  }

  @Test("A matrix too large for the memory ends with 2 and says what to grant")
  func memory() throws {
    let folder = try TemporaryFolder()
    let (rows, columns) = (1600, 1500)
    let bytes = [UInt8](repeating: 0, count: rows * columns)
    let file = SafetensorsBytes.file([("big", "U8", [rows, columns], bytes)])
    let path = try folder.write(file, to: "big.safetensors")
    let refused = try Run("spectrum", path, "--memory", "32MB")
    #expect(refused.code == 2 && refused.errorLines.count == 1)
    for word in ["'big'", "--memory", "--leading"] { #expect(refused.errors.contains(word)) }
    let leading = try Run("spectrum", path, "--memory", "32MB", "--leading", "3", "--csv")
    #expect(leading.code == 0 && leading.table[0]["method"] == "leading")
    #expect(
      leading.table[0]["remainder"] == "0.0" && leading.table[0]["spectral_norm_bound"] == "0.0")
    let text = try Run("spectrum", path, "--memory", "32MB", "--leading", "3")
    #expect(text.output.contains("at most") && text.output.contains("σ̂_i ≤ σ_i ≤ √(σ̂_i² + ρ²)"))
  }
}
