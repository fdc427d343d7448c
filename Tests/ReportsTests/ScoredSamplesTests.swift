import Evaluation
import Generation
import HDF5
import Reports
import Testing

@Suite struct ScoredSamplesTests {
  /// Points that write one text each: their number of words, all different, after one prompt.
  private func written(_ places: [[Double]], along axes: [String]) throws -> ScoredSamples {
    let texts = places.indices.map { (0...$0).map { "w\($0)" }.joined(separator: " ") }
    let sets = texts.map { text in
      TextSet("texts", texts: [PromptedText(Array(text.utf8), promptID: 0)])
    }
    let rows = texts.enumerated().map { number, text in
      SamplesResult.Row(
        point: number, prompt: "", text: text,
        generated: GeneratedText(
          prompt: 0, sample: 0, tokens: [1], finish: .length, logProbability: -1))
    }
    let setting = SamplesResult.Setting(
      rule: .greedy, seed: 0, formula: "A", checkpoints: ["a", "b", "c"], combination: .weights)
    return ScoredSamples(
      SamplesResult(
        rows, at: places.map { .init(place: $0, coefficients: [1, 0, 0]) }, along: axes, setting),
      try TextScorer().scores(of: sets, threads: 1), quantities: [.nll, .words], notes: [],
      attributes: [])
  }

  private func words(_ table: ReportTable) throws -> [Double] {
    let column = try #require(table.columns.first { $0.name == "words_per_text" })
    guard case .real(let values) = column.cells else { return [] }
    return values
  }

  private func values(_ name: String, _ group: ResultGroup) throws -> ResultVariable {
    try #require(group.variables.first { $0.name == name })
  }

  @Test("Without texts to score a path has a row for each point, and no barriers")
  func path() throws {
    let alphas = [-1, 0, 1.0]
    let report = PathReport(
      .alpha, checkpoints: ["a", "b"], texts: [],
      points: alphas.map {
        .init(
          alpha: $0, model: SweepPoint(coefficients: [1 - $0, $0], losses: []), distances: (0, 0),
          norm: 1)
      }, written: try written(alphas.map { [$0] }, along: ["alpha"]), seed: 0)
    #expect(try words(report.table) == [1, 2, 3])
    #expect(!report.table.columns.contains { $0.name == "nll" })
    let groups = try report.groups()
    #expect(
      groups.map(\.name) == ["path", "path_coefficients", "samples", "samples_coefficients"])
    #expect(try values("words_per_text", groups[0]).dimensions == ["alpha"])
  }

  @Test("Scores of a plane lie at their places, whatever the order of points")
  func plane() throws {
    let places = [[1.0, 0], [0, 1], [0, 0], [1, 1]]
    let report = PlaneReport(
      checkpoints: ["c", "b", "a"], texts: [], grid: ([0, 1], [0, 1]),
      points: places.map {
        .init(plus: $0[0], minus: $0[1], model: SweepPoint(coefficients: [1], losses: []))
      }, written: try written(places, along: ["w_plus", "w_minus"]),
      axes: .init(nil, origin: 0, plus: 1, minus: 2))
    // The grid row by row, x fastest; then C, A and B in the order of x.
    #expect(try words(report.table) == [3, 1, 2, 4, 3, 2, 1])
    let groups = try report.groups()
    #expect(groups.map(\.name) == ["grid", "grid_lines", "samples", "samples_coefficients"])
    let grid = try values("words_per_text", groups[0])
    #expect(grid.dimensions == ["w_minus", "w_plus"] && grid.values == .float64([3, 1, 2, 4]))
  }
}
