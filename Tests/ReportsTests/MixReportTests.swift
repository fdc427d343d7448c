import Checkpoints
import Geometry
import TestSupport
import Testing

@testable import Reports

@Suite struct MixReportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Half way between 1 and 1 + 2^-8, which BF16 rounds back to 1, and between 0 and 2.
  private func report() throws -> MixReport {
    let models = try [
      [
        StoredTensor("small", [2], [1, 1]), StoredTensor("large", [2], [0, 0]),
        StoredTensor("mine", [1], [3]),
      ],
      [
        StoredTensor("small", [2], [1, 1 + 0x1p-8]), StoredTensor("large", [2], [2, 2]),
        StoredTensor("theirs", [1], [3]),
      ],
    ].enumerated().map { try ParameterList(folder.checkpoint("\($0).safetensors", $1)) }
    let resources = WalkResources(threads: 1, scratchByteCount: 1 << 20)
    let mix = try CheckpointMix(models, dtype: .bfloat16, using: resources) { _ in
      .linear([0.5, 0.5])
    }
    let tallies = try mix.combine(using: resources) { _, _, _ in }.tallies
    return MixReport(mix, tallies: tallies, labels: ["a", "b"])
  }

  @Test("Tensors of one treatment and the same coefficients share a row")
  func summary() throws {
    let table = try report().summary
    #expect(table.rowCount == 2)
    #expect(table.columns[1].cells == .text(["0.5000 a + 0.5000 b", "a"]))
    #expect(table.columns[2].cells == .integer([2, 1]))
    #expect(table.columns[5].cells == .integer([1, 0]))
  }

  @Test("Of spherical weights, the row gives the range")
  func spherical() throws {
    // At right angles both weights are sin 45°, on one line both are a half.
    let models = try [
      [StoredTensor("right", [2], [1, 0]), StoredTensor("line", [2], [1, 1])],
      [StoredTensor("right", [2], [0, 1]), StoredTensor("line", [2], [2, 2])],
    ].enumerated().map { try ParameterList(folder.checkpoint("\($0).safetensors", $1)) }
    let resources = WalkResources(threads: 1, scratchByteCount: 1 << 20)
    let mix = try CheckpointMix(models, using: resources) { _ in .spherical(0.5) }
    let tallies = try mix.combine(using: resources) { _, _, _ in }.tallies
    let table = MixReport(mix, tallies: tallies, labels: ["a", "b"]).summary
    #expect(
      table.columns[1].cells
        == .text(["spherical, alpha 0.5000: 0.5000…0.7071 a + 0.5000…0.7071 b"]))
  }

  @Test("Every tensor has a row; those that lost changes are listed apart")
  func tensors() throws {
    let report = try report()
    #expect(report.tensors.columns[0].cells == .text(["small", "large", "mine"]))
    #expect(report.swallowed.columns[0].cells == .text(["small"]))
  }

  @Test("What is lost, copied or left out is said")
  func warnings() throws {
    let warnings = try report().warnings
    #expect(warnings.count == 3)
    #expect(warnings[0].contains("in 1 of 3 tensors, at most 100.0 % (small)"))
    #expect(warnings[1].contains("only in a and copied: mine"))
    #expect(warnings[2].contains("left out: theirs"))
  }
}
