import TestSupport
import Testing

@Suite struct LinearityCommandTests {
  private func linearity(_ a: String, _ b: String, _ options: String...) throws -> [[Substring:
    Substring]]
  {
    let folder = try TemporaryFolder()
    let text = try folder.write(Array("A great film.\nA dull one.\n".utf8), to: "text.txt")
    return try Run(
      ["linearity", miniature(a), miniature(b), "--text", text, "--lines", "--csv"] + options
    ).table
  }

  private func number(_ row: [Substring: Substring], _ column: String) throws -> Double {
    try #require(Double(row[column[...]] ?? ""))
  }

  @Test("At its anchor an expansion is the model, and at both ends the ensemble is")
  func anchors() throws {
    let rows = try linearity("tuned-negative", "tuned", "--alpha", "0,0.5,1", "--anchor", "0,0.5")
    for row in rows {
      let nll = try number(row, "nll")
      // Both are binary32 sums over the same positions in other orders.
      if row["anchor"] == row["alpha"] {
        #expect((try number(row, "nll_expanded") - nll).magnitude < 1e-5)
        #expect((try number(row, "nll_tangent") - nll).magnitude < 1e-12)
      }
      if row["alpha"] != "0.5" {
        #expect((try number(row, "nll_ensemble") - nll).magnitude < 1e-5)
      }
    }
  }

  @Test("Near the anchor the loss goes along its tangent")
  func tangent() throws {
    let rows = try linearity("base", "tuned", "--alpha", "0.49,0.51", "--anchor", "0.5")
    for row in rows where row["alpha"] == "0.49" || row["alpha"] == "0.51" {
      let (nll, tangent) = try (number(row, "nll"), number(row, "nll_tangent"))
      // The curve is bent by less than 1 nat, so a hundredth away it is off by less than 1e-4.
      #expect((nll - tangent).magnitude < 1e-4)
    }
  }

  @Test("Fine-tunes of one model are nearly linear, independent models are not")
  func contrast() throws {
    func worst(_ a: String, _ b: String) throws -> Double {
      try linearity(a, b, "--alpha", "0,1", "--anchor", "0.5").filter { $0["alpha"] != "0.5" }
        .map { try number($0, "logit_error") }.max() ?? .nan
    }
    #expect(try worst("tuned-negative", "tuned") < 0.3)
    #expect(try worst("base", "scratch") > 0.8)
  }
}
