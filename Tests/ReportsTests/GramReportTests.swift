import Geometry
import Reports
import Tensors
import TestSupport
import Testing

@Suite struct GramReportTests {
  private let report: GramReport

  /// A base at the origin of the plane, and two that went one step each along the axes.
  init() throws {
    let folder = try TemporaryFolder()
    let places: [[Double]] = [[1, 1], [4, 1], [1, 5]]
    let models = try places.enumerated().map { number, place in
      try ParameterList(
        folder.checkpoint(
          "\(number).safetensors",
          [
            StoredTensor("h.0.ln_1.bias", [2], place), StoredTensor("wte.weight", [1, 2], [7, 7]),
          ]))
    }
    let common = CommonTensors(models)
    let matrices = try common.gramMatrices(
      using: WalkResources(threads: 1, scratchByteCount: 1 << 20))
    report = GramReport(
      labels: ["base", "right", "up"], base: 0,
      entries: zip(common.tensors, matrices).map { .init(name: $0.name, matrix: $1) })
  }

  @Test("Each pair has a row, with the distance, and the task cosine of those that left the base")
  func pairs() throws {
    let table = report.pairTable(by: .total)
    #expect(table.texts("a") == ["base", "base", "right"])
    #expect(table.texts("b") == ["right", "up", "up"])
    #expect(table.reals("distance") == [3, 4, 5])
    let cosines = try #require(table.reals("task_cosine"))
    #expect(cosines[0].isNaN && cosines[1].isNaN && cosines[2] == 0)
  }

  @Test("Groups are put together from the tensors in them")
  func groups() {
    #expect(report.pairTable(by: .tensor).reals("distance") == [3, 4, 5, 0, 0, 0])
    #expect(report.pairTable(by: .layer).integers("tensors") == [1, 1, 1, 1, 1, 1])
    #expect(report.pairTable(by: .total).integers("numel") == [4, 4, 4])
  }

  @Test("A filter leaves the figures of what it takes")
  func filter() {
    let rest = report.filter { $0.text.hasPrefix("wte") }
    #expect(rest.entries.map(\.name.canonical.text) == ["wte.weight"])
    #expect(rest.labels == report.labels && rest.base == 0)
    #expect(rest.pairTable(by: .total).reals("distance") == [0, 0, 0])
    #expect(report.filter { _ in false }.total.elementCount == 0)
  }

  @Test("At a point are its norm and its distance to each")
  func point() {
    let table = report.pointTable(at: [-1, 1, 1], by: .total)
    // (4, 5), and 7 twice: 16 + 25 + 98; whole numbers throughout.
    #expect(table.reals("norm") == [139.0, 139, 139].map { $0.squareRoot() })
    #expect(table.reals("distance") == [5, 4, 3])
  }
}
