import Checkpoints
import Geometry
import HDF5
import Reports
import Tensors
import TestSupport
import Testing

@Suite struct NormsReportTests {
  private let folder: TemporaryFolder
  private let report: NormsReport

  init() throws {
    let folder = try TemporaryFolder()
    func list(_ name: String, _ step: Float) throws -> ParameterList {
      let tensors = ["h.0.mlp.c_fc.bias", "h.1.mlp.c_fc.bias", "wte.weight"].map { tensor in
        let values = (0..<4).map { Float($0) * step }
        return (
          name: tensor, dtype: "F32", shape: [4], bytes: values.withUnsafeBytes { Array($0) }
        )
      }
      return try ParameterList(
        openCheckpoint(folder.write(SafetensorsBytes.file(tensors), to: name)))
    }
    let (base, near, far) = try (list("a", 1), list("b", 2), list("c", 11))
    let pairings = [near, far].map { CheckpointPairing(base: base, other: $0) }
    let differences = try PairWalk(pairings)
      .differences(using: WalkResources(threads: 1, scratchByteCount: 0))
    self.folder = folder
    report = NormsReport(labels: ["a", "b", "c"], pairings: pairings, differences: differences)
  }

  private func cells(_ name: String, in table: ReportTable) -> [Double] {
    guard let column = table.columns.first(where: { $0.name == name }),
      case .real(let cells) = column.cells
    else { return [] }
    return cells
  }

  @Test("Groups are measured over all their elements, not averaged")
  func groups() {
    // Each tensor differs by (0, 1, 2, 3) times 1 or 10: squares of 14 or 1400 over 4 elements.
    let kinds = report.table(by: .kind, order: .file, limit: nil, scale: .l2)
    #expect(
      cells("distance", in: kinds) == [28.0, 14, 2800, 1400].map { $0.squareRoot() })
    let total = report.table(by: .total, order: .file, limit: nil, scale: .rms)
    #expect(cells("distance", in: total) == [(3.5).squareRoot(), (350.0).squareRoot()])
  }

  @Test("The most distant rows come first, and no more than asked for")
  func order() {
    let table = report.table(by: .tensor, order: .distance, limit: 2, scale: .rms)
    #expect(cells("distance", in: table) == [(350.0).squareRoot(), (350.0).squareRoot()])
  }

  @Test("Both comparisons are shaded on one scale")
  func heat() {
    let lines = HeatStrip(report, scale: .rms).lines(width: 80)
    #expect(lines.count == 3)
    #expect(lines[2].contains("▁▁") && lines[2].contains("██"))
  }

  @Test("Result files keep their rules and equal results give equal bytes")
  func resultFile() throws {
    let image = try ResultFile(groups: report.groups()).checkedImage()
    #expect(try ResultFile(groups: report.groups()).checkedImage() == image)
  }
}
