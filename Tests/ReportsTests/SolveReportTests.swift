import Geometry
import Reports
import Tensors
import TestSupport
import Testing

@Suite struct SolveReportTests {
  private let folder: TemporaryFolder
  private static let count = 4000

  init() throws { folder = try TemporaryFolder() }

  /// Values at random, or such at some distance from those of the base.
  private func values(_ seed: UInt64) -> [Double] {
    var (start, step) = (SeededGenerator(seed: 1), SeededGenerator(seed: seed))
    return (0..<SolveReportTests.count).map { _ in
      Double.random(in: -1...1, using: &start)
        + (seed == 1 ? 0 : Double.random(in: -0.1...0.1, using: &step))
    }
  }

  private func report(
    _ coefficients: [Double], _ inputs: [[Double]], labels: [String], base: Int? = nil,
    missing: Int = 0, dtype: DType = .float32
  ) throws -> SolveReport {
    let merged = inputs[0].indices.map { index in
      zip(coefficients, inputs).reduce(0) { $0 + $1.0 * $1.1[index] }
    }
    let models = try ([merged] + inputs).enumerated().map { number, values in
      try ParameterList(
        folder.checkpoint(
          "\(number).safetensors",
          [StoredTensor("h.0.c_fc.weight", [SolveReportTests.count], values, dtype: dtype)]))
    }
    let finding = try MixtureTest(
      CommonTensors(models), origin: base ?? 0,
      resources: WalkResources(threads: 1, scratchByteCount: 1 << 20)
    ).run()
    return SolveReport(finding, merged: "m", labels: labels, base: base, missing: missing)
  }

  @Test(
    "A recipe has a sign for each term, and leaves out what has no part",
    arguments: [
      ([0.7, 0.3], "0.7000 a + 0.3000 b"), ([1.2, -0.2], "1.2000 a − 0.2000 b"),
      ([-0.5, 1.5], "−0.5000 a + 1.5000 b"), ([0, 1], "1.0000 b"),
    ])
  func recipes(coefficients: [Double], recipe: String) throws {
    let found = try report(coefficients, [values(2), values(3)], labels: ["a", "b"])
    #expect(found.recipe == recipe)
    #expect(found.verdict == "MIXTURE" && !found.isIncomplete)
    #expect(found.lines[0] == "MIXTURE   m = \(recipe) within rounding")
  }

  @Test(
    "With a base the terms are ways from it",
    arguments: [
      ([1, -1, 1], "x − 1.0000 (a − x) + 1.0000 (b − x)"), ([-1, 2, 0], "x + 2.0000 (a − x)"),
    ])
  func ways(coefficients: [Double], recipe: String) throws {
    let found = try report(
      coefficients, [values(1), values(2), values(3)], labels: ["x", "a", "b"], base: 0)
    #expect(found.recipe == recipe)
  }

  @Test("Another sum of coefficients than 1 is said, and what is left with them")
  func otherSum() throws {
    let found = try report([0.77, 0.33], [values(2), values(3)], labels: ["a", "b"])
    #expect(found.verdict == "MIXTURE WITH ANOTHER SUM" && !found.isIncomplete)
    #expect(found.lines[0].hasSuffix("a mixture whose coefficients sum to 1.100"))
    let total = try #require(found.finding.total)
    #expect(total.consensusFreeResidual <= 4 * total.floor)
    #expect(found.lines.contains { $0.contains("rms \(total.consensusFreeResidual.brief)") })
  }

  @Test("Parameters that could not be compared take back a yes, and are counted")
  func incomplete() throws {
    let found = try report(
      [0.5, 0.5], [values(2), values(3)], labels: ["a", "b"], missing: 1)
    #expect(found.isIncomplete && found.verdict == "MIXTURE AS FAR AS COMPARED")
    #expect(
      found.lines.last?.hasSuffix("1 parameter could not be compared with all inputs") == true)
  }
}
