import Geometry
import HDF5
import Reports
import TestSupport
import Testing

@Suite struct SpectrumReportTests {
  private let sample: Sample

  init() throws { sample = try Sample() }

  private func report(_ base: [StoredTensor], _ other: [StoredTensor]?) throws -> SpectrumReport {
    let a = try ParameterList(sample.folder.checkpoint("a.safetensors", base))
    let analysis = try other.map { tensors in
      let b = try ParameterList(sample.folder.checkpoint("b.safetensors", tensors))
      return SpectralAnalysis(CheckpointPairing(base: a, other: b))
    }
    let chosen = analysis ?? SpectralAnalysis(a)
    let resources = WalkResources(threads: 1, scratchByteCount: 1 << 26)
    return try SpectrumReport(
      labels: other == nil ? ["a"] : ["a", "b"], chosen, chosen.run(using: resources))
  }

  private static let tensors = [
    StoredTensor("h.0.w", [2, 2], [3, 0, 0, 4]),
    StoredTensor("h.1.w", [2, 3], [0, 0, 0, 0, 9, 0]),
    StoredTensor("h.1.b", [2], [1, 1]), StoredTensor("a.w", [1, 1, 2], [1, 1]),
  ]

  @Test("Rows come in the order asked for, and only so many")
  func orders() throws {
    let report = try report(SpectrumReportTests.tensors, nil)
    func names(_ order: SpectrumOrder, _ limit: Int? = nil) -> [String]? {
      report.table(order: order, limit: limit).texts("tensor")
    }
    #expect(names(.file) == ["h.0.w", "h.1.w", "a.w"])
    #expect(names(.name) == ["a.w", "h.0.w", "h.1.w"])
    #expect(names(.spectral, 2) == ["h.1.w", "h.0.w"])
    #expect(names(.stable) == ["h.1.w", "a.w", "h.0.w"])
  }

  @Test("What was flattened and skipped is said")
  func summary() throws {
    let report = try report(SpectrumReportTests.tensors, nil)
    #expect(
      report.summary == "a: 3 matrices, 1 of them flattened to [outermost extent, rest], "
        + "1 not a matrix")
    let left = report.coverage.table(includingCompared: false)
    #expect(left.texts("tensor") == ["a.w", "h.1.b"])
    #expect(left.texts("status") == ["decomposed", "not a matrix"])
    #expect(report.coverage.isComplete && report.errorBound == nil)
    #expect(report.conclusion == nil)
  }

  @Test("Equal matrices are unchanged, and low ranks are summed up")
  func verdicts() throws {
    let base = (0..<2).map { StoredTensor("h.\($0).w", [8, 8], Array(repeating: 1, count: 64)) }
    var changed = base
    changed[1] = StoredTensor("h.1.w", [8, 8], Array(repeating: 2, count: 64))
    let report = try report(base, changed)
    #expect(
      report.table(order: .file, limit: nil).texts("verdict") == ["unchanged", "low rank: 1"])
    #expect(report.conclusion?.hasPrefix("1 of 1 differences are of low rank (1)") == true)
  }

  @Test("A few low ranks are counted, and called no sign of anything")
  func fewLowRanks() throws {
    let base = (0..<3).map { StoredTensor("h.\($0).w", [8, 8], Array(repeating: 0, count: 64)) }
    let full = (0..<64).map { $0 % 9 == 0 ? 1.0 : 0 }
    let values = [Array(repeating: 2.0, count: 64), full, full]
    let changed = zip(base, values).map { StoredTensor($0.name, [8, 8], $1) }
    let report = try report(base, changed)
    #expect(
      report.conclusion == "1 of 3 differences are of low rank (1) but for rounding")
  }

  @Test("The groups keep every rule of the schema, with NaN beyond the last singular value")
  func groups() throws {
    let groups = try report(SpectrumReportTests.tensors, nil).groups()
    #expect(groups.map(\.name) == ["spectrum", "spectrum_sigma", "spectrum_energy", "coverage"])
    #expect(
      groups.map { $0.dimensions.map(\.name).sorted() } == [
        ["tensor"], ["k", "tensor"], ["r", "tensor"], ["entry"],
      ])
    let sigma = groups[1].variables.first { $0.name == "sigma" }?.values
    guard case .float64(let values) = sigma else {
      Issue.record("sigma holds no doubles")
      return
    }
    #expect(values.count == 6 && values[5].isNaN && values[3] == 0)
    _ = try ResultFile(groups: groups).checkedImage()
  }
}
