import Checkpoints
import Geometry
import HDF5
import Reports
import TestSupport
import Testing

@Suite struct LineageReportTests {
  private let report: LineageReport

  /// A base, two near it, and a stranger; units of small whole numbers with noise of their own.
  init() throws {
    let folder = try TemporaryFolder()
    func tensors(_ seed: UInt64, near base: UInt64, _ size: Double) -> [StoredTensor] {
      var (start, step) = (SeededGenerator(seed: base), SeededGenerator(seed: seed))
      func values(_ count: Int) -> [Double] {
        (0..<count).map { _ in
          Double.random(in: -1...1, using: &start) + size * Double.random(in: -1...1, using: &step)
        }
      }
      return [
        StoredTensor("wte.weight", [30, 16], values(480)),
        StoredTensor("h.0.mlp.c_fc.weight", [16, 48], values(768)),
        StoredTensor("h.0.mlp.c_proj.weight", [48, 16], values(768)),
      ]
    }
    let models = [
      tensors(1, near: 1, 0), tensors(2, near: 1, 0.1), tensors(3, near: 1, 0.1),
      tensors(4, near: 5, 0),
    ]
    let lists = try models.enumerated().map { number, tensors in
      try ParameterList(folder.checkpoint("\(number).safetensors", tensors))
    }
    let lineage = try LineageTest(
      lists, base: nil, options: OriginTest.Options(),
      resources: WalkResources(threads: 1, scratchByteCount: 1 << 24)
    ).run()
    report = LineageReport(lineage, labels: ["base", "left", "right", "other"])
  }

  @Test("The screen names the family, its base, its stranger, and calls a hint a hint")
  func screen() {
    let lines = report.lines
    #expect(lines[0].hasPrefix("NOT ALL ONE FAMILY   4 checkpoints, 6 pairs"))
    #expect(lines[1].hasPrefix("family 1    base, left, right (certified)"))
    #expect(lines.contains("base        base: from it all others left at right angles"))
    #expect(lines.contains { $0.hasPrefix("alone       other") })
    #expect(lines.contains { $0.hasPrefix("hint") && $0.hasSuffix("no verdict") })
    #expect(lines.contains("parents     left from base, right from base"))
    #expect(lines.filter { $0.hasPrefix("gamma") }.count == 1)
  }

  @Test("Tables have a row for each pair, checkpoint and triple, and NaN where there is no family")
  func tables() {
    #expect(report.pairTable.rowCount == 6)
    #expect(report.pairTable.integers("certified") == [1, 1, 0, 1, 0, 0])
    #expect(report.pairTable.reals("d2")?.map(\.isNaN) == [false, false, true, false, true, true])
    #expect(report.checkpointTable.texts("base") == ["right angles", "none", "none", "none"])
    #expect(report.checkpointTable.integers("family") == [1, 1, 1, nil])
    #expect(report.productTable.rowCount == 3)
  }

  @Test("The results are groups that the rules of result files allow")
  func result() throws {
    let groups = try report.groups()
    #expect(groups.map(\.name) == ["lineage", "lineage_triples"])
    _ = try ResultFile(groups: groups).checkedImage()
    let grid = try #require(groups[0].variables.first { $0.name == "ln_p_cert" })
    #expect(grid.dimensions == ["checkpoint", "checkpoint_b"])
  }
}
