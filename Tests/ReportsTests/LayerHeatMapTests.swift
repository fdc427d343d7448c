import Checkpoints
import Geometry
import HDF5
import LinearAlgebra
import Reports
import TestSupport
import Testing

@Suite struct LayerHeatMapTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A GPT-2 of layers that the seeds draw; equal seeds give equal layers.
  private func tensors(_ seeds: [UInt64]) -> [StoredTensor] {
    func normal(_ name: String, _ shape: [Int], seed: UInt64, stream: UInt64) -> StoredTensor {
      var randomness = RandomStream(seed: seed, stream: stream)
      return StoredTensor(name, shape, (0..<shape.reduce(1, *)).map { _ in randomness.normal() })
    }
    return [normal("wte.weight", [30, 8], seed: 0, stream: 0)]
      + seeds.enumerated().flatMap { layer, seed in
        [
          normal("h.\(layer).mlp.c_fc.weight", [8, 64], seed: seed, stream: 1),
          normal("h.\(layer).mlp.c_proj.weight", [64, 8], seed: seed, stream: 2),
        ]
      }
  }

  private func report(_ a: [UInt64], _ b: [UInt64]) throws -> OriginReport {
    let lists = try [("a", a), ("b", b)].map { name, seeds in
      try ParameterList(folder.checkpoint(name + ".safetensors", tensors(seeds)))
    }
    let finding = try OriginTest(
      lists[0], lists[1], options: OriginTest.Options(),
      resources: WalkResources(threads: 1, scratchByteCount: 1 << 24)
    ).run()
    return OriginReport(finding, labels: ("a", "b"))
  }

  @Test("Layers of A go down, those of B across, and chance is a dot")
  func map() throws {
    let lines = try report([1, 2, 3], [1, 3]).lines
    let start = try #require(lines.firstIndex { $0.hasPrefix("layers      A→B: 0→0, 2→1") })
    #expect(lines[start + 1].contains("of layers of A (down) and of B (across, 0 to 1)"))
    #expect(
      Array(lines[start + 3...start + 5]) == [
        "            0 █·", "            1 ··", "            2 ·█",
      ])
    #expect(lines.contains { $0.hasPrefix("note") && $0.contains("A has 3 layers and B 2") })
  }

  @Test("Where no layers belong together there is no map, only the word")
  func nothing() throws {
    let lines = try report([1, 2, 3], [4, 5]).lines
    #expect(lines.contains("layers      none match"))
    #expect(!lines.contains { $0.contains("(down)") })
  }

  @Test("The result file has the bounds by a sample and by all units")
  func result() throws {
    let groups = try report([1, 2, 3], [1, 3]).groups()
    _ = try ResultFile(groups: groups).checkedImage()
    let layers = try #require(groups.first { $0.name == "origin_layers" })
    let whole = try #require(layers.variables.first { $0.name == "map_ln_p_whole" })
    guard case .float64(let values) = whole.values else { return #expect(Bool(false)) }
    #expect(values.map(\.isNaN) == [false, true, false])
  }
}
