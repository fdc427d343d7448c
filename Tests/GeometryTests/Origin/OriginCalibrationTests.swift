import Glibc
import TestSupport
import Testing

@testable import Geometry

/// The null hypothesis, on 200 pairs of models drawn at random.
@Suite struct OriginCalibrationTests {
  private static let pairs = 200

  private func stages() throws -> [OriginFinding.Stage] {
    var size = SmallModel.Size()
    (size.layers, size.width, size.hidden, size.tokens, size.positions) = (1, 64, 128, 64, 32)
    return try (0..<OriginCalibrationTests.pairs).map { pair in
      let models = [0, 1].map { SmallModel(size, seed: UInt64(1000 + 2 * pair + $0)) }
      let finding = try origin(models[0].tensors(.gpt2), models[1].tensors(.gpt2)) {
        $0.isDirectOnly = true
      }
      return try #require(finding.stages.first)
    }
  }

  @Test("p by z is uniform, certified p-values are not too small, and one unit comes first")
  func independent() throws {
    let stages = try stages()
    for kind in [UnitKind.residual, .hidden, .value, .query] {
      let groups = stages.compactMap { stage in stage.evidence.first { $0.kind == kind } }
      #expect(groups.count == OriginCalibrationTests.pairs)
      let tails = groups.map { exp($0.logNormalTail) }
      #expect(LogProbability.kolmogorovSmirnov(tails) > 0.01)
      // The number of units that come first is nearly Poisson of mean 1 in each block.
      let firsts = groups.map { Double($0.firsts) / Double($0.blockCount) }
      #expect((0.8...1.2).contains(firsts.reduce(0, +) / Double(groups.count)))
      let early = groups.count { $0.logRankBound <= log(0.05) }
      #expect(early <= OriginCalibrationTests.pairs / 20)
    }
    #expect(LogProbability.kolmogorovSmirnov(stages.map { exp($0.logCalibrated) }) > 0.01)
    let certified = stages.count { $0.logCertified <= log(0.05) }
    #expect(certified <= OriginCalibrationTests.pairs / 20)
  }

  @Test("Controls are standard normal even for relatives", arguments: [2, 3])
  func controls(layers: Int) throws {
    var size = SmallModel.Size()
    size.layers = layers
    let controls = try (0..<40).map { seed in
      let model = SmallModel(size, seed: UInt64(5000 + seed))
      return try origin(
        model.tensors(.gpt2), model.relative(correlation: 0.9, seed: UInt64(seed)).tensors(.gpt2)
      ).controls
    }
    let z = controls.flatMap(\.z)
    #expect(z.count == 40 * 3 * (layers == 2 ? 1 : layers))
    #expect(NegativeControls(z: z).kolmogorovSmirnov > 0.01)
    #expect(abs(NegativeControls(z: z).deviation - 1) < 3 / (2 * Double(z.count)).squareRoot())
    #expect(controls.allSatisfy { $0.areSound })
  }
}
