import Geometry
import HDF5
import Reports
import TestSupport
import Testing

@Suite struct OriginReportTests {
  private static let neutral = [
    "            one descends from the other, both from one ancestor, or one random seed started both:",
    "            the test does not say which",
  ]

  @Test("Equal bits are said to be so, and nothing is tested")
  func identical() throws {
    let lines = try OriginSample.identical.report().lines
    #expect(
      lines == [
        "A = one, B = two", "IDENTICAL   every parameter has the same bits in both",
        "tensors     R = ‖A − B‖ / √(‖A‖² + ‖B‖²) = 0 (1 if unrelated), cosine 1.000; descriptive",
      ])
  }

  @Test(
    "Where nothing is tested there is no p-value", arguments: [OriginSample.identical, .untestable])
  func noPValue(sample: OriginSample) throws {
    let report = try sample.report()
    #expect(report.verdictLine.contains("\"ln_p_cert\":null"))
    #expect(report.finding.logCertified.isNaN)
  }

  @Test("A shared initialization has its p-value, and no claim of who descends from whom")
  func shared() throws {
    let lines = try OriginSample.shared.report().lines
    #expect(lines.count == 9)
    #expect(lines[0] == "A = one, B = two; names of GPT-2")
    #expect(
      lines[1]
        == "SHARED INITIALIZATION (certified)   log10 p <= -264.4   "
        + "[level 1.000e-06, 3 stages planned]")
    #expect(Array(lines[2...3]) == OriginReportTests.neutral)
    #expect(lines[4].hasPrefix("effect      mean correlation of units of one label: res 0.901"))
    #expect(lines[4].contains(", mlp 0.899"))
    #expect(lines[5] == "            288 of 288 units are most like their namesake")
    #expect(lines[6].hasPrefix("direct      7 groups: log10 p certified -264.4, by z -273."))
    #expect(lines[7].hasPrefix("controls    layer i against i + 1: 3 z, mean "))
    #expect(lines[7].hasSuffix(": sound"))
    #expect(lines[8].hasPrefix("tensors     R = ‖A − B‖ / √(‖A‖² + ‖B‖²) = 0.315"))
  }

  @Test(
    "Later stages are named in the verdict, and the effect is theirs",
    arguments: [
      (
        OriginSample.aligned, "SHARED AFTER RESIDUAL ALIGNMENT (certified)   log10 p <= -231.9 ",
        "            256 of 256 units are most like their namesake"
      ),
      (
        .unused, "SHARED BY UNUSED TOKENS (certified)   log10 p <= -17.13 ",
        "            20 of 20 units are most like their namesake"
      ),
    ])
  func laterStages(sample: OriginSample, verdict: String, effect: String) throws {
    let lines = try sample.report().lines
    #expect(lines[1].hasPrefix(verdict))
    #expect(Array(lines[2...3]) == OriginReportTests.neutral)
    #expect(lines.contains { $0.hasPrefix("            if no text that") } == (sample == .unused))
    let rest = lines.drop { !$0.hasPrefix("effect ") }.dropFirst()
    #expect(rest.first == effect)
    #expect(rest.dropFirst().first?.hasPrefix("direct      7 groups: log10 p certified ") == true)
    #expect(
      rest.dropFirst(2).first?.hasPrefix("residual alignment 6 groups: log10 p certified ") == true)
  }

  @Test("What is similar is not certified, and matches are called a score")
  func similar() throws {
    let lines = try OriginSample.similar.report().lines
    #expect(lines[1].hasPrefix("SIMILAR AFTER MATCHING, NOT CERTIFIED   log10 p <= 0   [level "))
    #expect(
      lines[2] == "            hidden units match in another order, for which there is no p-value")
    #expect(
      lines.contains(
        "matching    128 of 128 hidden units choose the same unit by two views; a score, no p-value"
      )
    )
  }

  @Test("What is not detected comes with what would have been")
  func stranger() throws {
    let lines = try OriginSample.stranger.report().lines
    #expect(lines[1] == "NOT DETECTED   log10 p <= 0   [level 1.000e-06, 3 stages planned]")
    #expect(
      lines[2].hasPrefix(
        "            which is no proof of independence: a mean correlation of 0.0492"))
    #expect(lines[2].hasSuffix(" between units of one label"))
    #expect(
      lines[3]
        == "            would have been found with probability 0.95 (approximate), unless the units "
        + "were put in another order")
  }

  @Test("Controls that fail take the verdict away")
  func copied() throws {
    let lines = try OriginSample.copied.report().lines
    #expect(lines[1].hasPrefix("CONTROLS FAILED, NO VERDICT   log10 p <= -"))
    #expect(!lines[1].contains("certified"))
    #expect(lines[2].hasPrefix("            layers that have nothing to do with each other look"))
    #expect(lines.contains { $0.hasPrefix("controls    ") && $0.hasSuffix(": not sound") })
  }

  @Test("What cannot be tested says why")
  func untestable() throws {
    let lines = try OriginSample.untestable.report().lines
    #expect(lines[1] == "UNTESTABLE  no group of units can be compared; see the notes")
    #expect(lines.contains("note        res: only in one model"))
    #expect(lines.dropFirst(2).allSatisfy { $0.hasPrefix("note        ") })
  }

  @Test("A map of layers is one line with a picture below, and raises the number of stages")
  func mapped() throws {
    let lines = try OriginSample.mapped.report().lines
    #expect(lines[1].contains("log10 p <= -264.3   [level 1.000e-06, 4 stages planned]"))
    #expect(
      lines.contains(
        "layers      A→B: 0→0, 1→1; by all units of these log10 p certified -87.20"))
  }

  @Test("No line breaks or steers a terminal", arguments: OriginSample.allCases)
  func oneLineEach(sample: OriginSample) throws {
    let report = try sample.report()
    #expect(report.lines.allSatisfy { $0.isOneLine })
    #expect(report.verdictLine.isOneLine)
  }

  @Test("The table has a row for each group of each stage, and a p-value by labelings on request")
  func table() throws {
    let direct = try OriginSample.shared.report(shuffles: 9).table
    #expect(direct.rowCount == 7)
    #expect(
      direct.texts("name") == ["res", "mlp.0", "vo.0", "qk.0", "mlp.1", "vo.1", "qk.1"])
    #expect(direct.integers("layer") == [nil, 0, 0, 0, 1, 1, 1])
    #expect(direct.integers("blocks") == [1, 1, 4, 4, 1, 4, 4])
    #expect(direct.integers("h") == [32, 64, 8, 8, 64, 8, 8])
    #expect(direct.integers("f") == [32, 64, 32, 32, 64, 32, 32])
    #expect(direct.reals("ln_p_mc")?.allSatisfy { abs($0 + 2.302585092994046) < 1e-12 } == true)
    #expect(direct.columns.first { $0.name == "stage" }?.heading == nil)
    let aligned = try OriginSample.aligned.report().table
    #expect(aligned.rowCount == 13)
    #expect(aligned.texts("stage")?.last == "residual alignment")
    #expect(aligned.reals("ln_p_mc")?.allSatisfy { $0.isNaN } == true)
    let names = aligned.columns.map(\.name)
    #expect(Set(names).count == names.count && !names.contains("kind"))
  }
}
