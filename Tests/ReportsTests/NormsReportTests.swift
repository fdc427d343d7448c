import Geometry
import Reports
import TestSupport
import Testing

@Suite struct NormsReportTests {
  private let sample: Sample

  init() throws { sample = try Sample() }

  private func table(
    _ report: NormsReport, by grouping: NormGrouping = .tensor, order: NormOrder = .file,
    limit: Int? = nil, scale: NormScale = .rms
  ) -> ReportTable {
    report.table(by: grouping, order: order, limit: limit, scale: scale)
  }

  private func roots(_ squares: [Double]) -> [Double] { squares.map { $0.squareRoot() } }

  @Test("Each tensor of each comparison has a row with its labels")
  func tensors() throws {
    let rows = table(try sample.twoLayers())
    #expect(rows.rowCount == 10)
    #expect(
      rows.texts("pair") == Array(repeating: "base→near", count: 5)
        + Array(repeating: "base→far", count: 5))
    #expect(
      rows.texts("tensor")?.prefix(5) == [
        "wte.weight", "h.0.c_fc.weight", "h.0.ln_1.bias", "h.1.c_fc.weight", "h.1.ln_1.bias",
      ])
    #expect(rows.integers("layer")?.prefix(5) == [nil, 0, 0, 1, 1])
    #expect(rows.texts("module")?.prefix(3) == ["wte", "c_fc.weight", "ln"])
    #expect(rows.texts("role")?.prefix(3) == ["embedding", "matrix", "vector"])
    #expect(rows.texts("shape")?.prefix(3) == ["3x2", "2x3", "2"])
    #expect(rows.texts("dtype_a")?.allSatisfy { $0 == "F32" } == true)
  }

  @Test("Distances are scaled as asked")
  func scales() throws {
    // All differences of tensor k are k, of k = 1 to 5, over 6, 6, 2, 6 and 2 values.
    let report = try sample.twoLayers()
    #expect(table(report).reals("distance")?.prefix(5) == [1, 2, 3, 4, 5])
    let l2 = table(report, scale: .l2).reals("distance") ?? []
    #expect(Array(l2.prefix(3)) == roots([6, 24, 18]))
    let mean = table(report, scale: .mean).reals("distance") ?? []
    #expect(Array(mean.prefix(2)) == roots([6, 24]).map { $0 / 6 })
    #expect(table(report, scale: .l2).reals("diff_scaled")?.first == 1)
  }

  @Test("Rows of groups come from sums of squares over all their elements")
  func rollUps() throws {
    let report = try sample.twoLayers()
    // Squares: wte 6·1, layer 0: 6·4 + 2·9, layer 1: 6·16 + 2·25; three times that far.
    let layers = table(report, by: .layer)
    #expect(layers.texts("group")?.prefix(3) == ["outside layers", "layer 0", "layer 1"])
    #expect(layers.reals("diff_l2") == roots([6, 42, 146, 54, 378, 1314]))
    #expect(layers.integers("numel") == [6, 8, 8, 6, 8, 8])
    #expect(layers.integers("tensors") == [1, 2, 2, 1, 2, 2])
    #expect(layers.integers("layer") == [nil, 0, 1, nil, 0, 1])
    #expect(layers.integers("largest_index")?.allSatisfy { $0 == nil } == true)
    let kinds = table(report, by: .kind)
    #expect(kinds.texts("group")?.prefix(3) == ["wte", "c_fc.weight", "ln"])
    #expect(kinds.reals("diff_l2")?.prefix(3) == roots([6, 120, 68])[...])
    let total = table(report, by: .total)
    #expect(total.texts("group") == ["all tensors", "all tensors"])
    #expect(total.reals("diff_l2") == roots([194, 9 * 194]))
    #expect(
      total.reals("diff_scaled") == roots([194.0 / 22, 9 * 194.0 / 22]))
    #expect(total.reals("largest") == [5, 15])
  }

  @Test("Layers and kinds of an encoder and of a decoder are groups apart")
  func stacks() throws {
    let names = ["encoder.block.0", "decoder.block.0", "decoder.block.1"].map { $0 + ".q.weight" }
    let report = try sample.report(
      names.map { StoredTensor($0, [1], [0]) },
      [("x", names.enumerated().map { StoredTensor($1, [1], [Double($0 + 1)]) })])
    let layers = table(report, by: .layer)
    #expect(layers.texts("group") == ["encoder layer 0", "decoder layer 0", "decoder layer 1"])
    #expect(layers.integers("layer") == [0, 0, 1])
    #expect(layers.reals("diff_l2") == [1, 2, 3])
    let kinds = table(report, by: .kind)
    #expect(kinds.texts("group") == ["encoder.q.weight", "decoder.q.weight"])
    #expect(kinds.reals("diff_l2") == [1, 13.0.squareRoot()])  // √(2² + 3²)
    let strip = HeatStrip(report, scale: .l2).lines(width: 80)
    // The middle one is at position 8 · ln 2 / ln 3, which is 5.05.
    #expect(strip.suffix(2) == ["encoder.q.weight  ▁", "decoder.q.weight  ▆█"])
  }

  @Test("A group says mixed or nothing where its tensors disagree")
  func mixedGroups() throws {
    let report = try sample.report(
      [.init("h.0.a", [2], from: 0), .init("h.0.b", [2, 2], from: 0, dtype: .float16)],
      [("x", [.init("h.0.a", [2], from: 1), .init("h.0.b", [2, 2], from: 1)])])
    let layer = table(report, by: .layer)
    #expect(layer.texts("dtype_a") == ["mixed"])
    #expect(layer.texts("dtype_b") == ["F32"])
    #expect(layer.texts("role") == [""])
    #expect(layer.texts("module") == [""])
    #expect(layer.integers("layer") == [0])
  }

  @Test("Rows are ordered by what is asked for, ties as in the file, and cut to the limit")
  func orders() throws {
    let report = try sample.report(
      [.init("c", [1], [1]), .init("a", [1], [8]), .init("b", [2], [1, 0])],
      [("x", [.init("c", [1], [3]), .init("a", [1], [6]), .init("b", [2], [0, 1])])])
    func names(_ order: NormOrder, limit: Int? = nil) -> [String]? {
      table(report, order: order, limit: limit).texts("tensor")
    }
    #expect(names(.file) == ["c", "a", "b"])
    #expect(names(.name) == ["a", "b", "c"])
    #expect(names(.distance) == ["c", "a", "b"])
    #expect(names(.relative) == ["c", "b", "a"])
    #expect(names(.cosine) == ["b", "c", "a"])
    #expect(names(.largest) == ["c", "a", "b"])
    #expect(names(.name, limit: 2) == ["a", "b"])
    #expect(names(.name, limit: 9) == ["a", "b", "c"])
  }

  @Test("NaN comes first in every order by number, also before infinity")
  func nanFirst() throws {
    let base = [StoredTensor("zero", [1], [0]), .init("one", [1], [1]), .init("nan", [1], [1])]
    let other = [StoredTensor("zero", [1], [1]), .init("one", [1], [2]), .init("nan", [1], [.nan])]
    let report = try sample.report(base, [("x", other)])
    for order in [NormOrder.distance, .relative, .cosine, .largest] {
      let names = table(report, order: order).texts("tensor")
      // The cosine of a zero tensor is NaN too.
      #expect(names?.first == (order == .cosine ? "zero" : "nan"))
      #expect(names?.last == "one")
    }
  }

  @Test("Shares of equal bits are never rounded to all or none")
  func shares() throws {
    func share(same: Int, of count: Int) throws -> String? {
      let values = (0..<count).map { $0 < same ? 0.0 : 1 }
      let report = try sample.report(
        [.init("a", [count], Array(repeating: 0, count: count))],
        [("x", [.init("a", [count], values)])])
      let column = table(report).columns.first { $0.heading == "same bits" }
      guard case .text(let cells) = column?.cells else { return nil }
      return cells.first
    }
    #expect(try share(same: 0, of: 4) == "0 %")
    #expect(try share(same: 1, of: 4) == "25.00 %")
    #expect(try share(same: 4, of: 4) == "100 %")
    #expect(try share(same: 1, of: 20_001) == "<0.01 %")
    #expect(try share(same: 20_000, of: 20_001) == ">99.99 %")
    #expect(try share(same: 0, of: 0) == "")
  }

  @Test("Columns that hold nothing of interest are not shown, but always there")
  func headings() throws {
    let clean = try sample.report([.init("a", [1], [1])], [("x", [.init("a", [1], [1])])])
    let spoiled = try sample.report([.init("a", [1], [1])], [("x", [.init("a", [1], [.nan])])])
    func heading(_ report: NormsReport, _ name: String) -> String? {
      table(report).columns.first { $0.name == name }?.heading
    }
    #expect(heading(clean, "pair") == nil)
    #expect(heading(try sample.twoLayers(), "pair") == "pair")
    #expect(heading(clean, "nonfinite") == nil)
    #expect(heading(spoiled, "nonfinite") == "NaN/Inf")
    #expect(clean.nonfinite == 0)
    #expect(spoiled.nonfinite == 1)
    #expect(table(clean).columns.map(\.name) == table(spoiled).columns.map(\.name))
  }

  @Test("No column has another's name, nor that of the kind of a JSON line")
  func distinctNames() throws {
    let report = try sample.twoLayers()
    for grouping in NormGrouping.allCases {
      let names = table(report, by: grouping).columns.map(\.name)
      #expect(Set(names).count == names.count)
      #expect(!names.contains("kind"))
    }
  }

  @Test("The coverage lists what is left out or remarked upon, and all on request")
  func coverage() throws {
    let report = try sample.report(
      [.init("a", [1], [1]), .init("b", [1], [1]), .init("c", [1], [1])],
      [("x", [.init("a", [1], [1]), .init("b", [1], [1], dtype: .float16)])])
    let brief = report.coverageTable(includingCompared: false)
    #expect(brief.texts("tensor") == ["b", "c"])
    #expect(brief.texts("status") == ["compared", "only in base"])
    #expect(brief.texts("detail") == ["F32 against F16", ""])
    #expect(report.coverageTable(includingCompared: true).texts("tensor") == ["a", "b", "c"])
  }
}
