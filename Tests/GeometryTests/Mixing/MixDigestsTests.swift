import Checkpoints
import TestSupport
import Tensors
import Testing

@testable import Geometry

@Suite struct MixDigestsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Three models with tensors of several chunks, of other types, tied, and not in all of them.
  private func models(_ mode: InputMode) throws -> [ParameterList] {
    let tensors = (0..<3).map { seed in
      let large = StoredTensor("a.weight", [700, 500], from: Double(seed))
      let head = StoredTensor("lm_head.weight", [2, 1], from: seed == 1 ? 9 : 0)
      return [
        StoredTensor("h.0.attn.bias", [1, 1, 2, 2], from: 0),
        seed == 1 ? large.converted(to: .bfloat16) : large,
        StoredTensor("wte.weight", [2, 1], from: 0), StoredTensor("only.\(seed)", [3], from: 1),
        StoredTensor("empty", [0, 4], from: 0),
        StoredTensor("in.two", seed == 2 ? [5] : [seed + 1], from: 2),
      ] + (seed == 2 ? [] : [head])
    }
    return try tensors.enumerated().map { number, tensors in
      let stored = number == 0 ? tensors.filter { $0.name != "in.two" } : tensors
      let path = try folder.write(
        SafetensorsBytes.file(stored), to: "\(number).safetensors")
      return try ParameterList(openCheckpoint(path, mode: mode))
    }
  }

  @Test(
    "Digests taken on the way are those of the checkpoints, for any threads, memory and reading",
    arguments: [(1, 0), (2, 1 << 26), (5, 1 << 20)], InputMode.allCases)
  func digests(resources: (threads: Int, scratch: Int), mode: InputMode) throws {
    let models = try models(mode)
    let resources = WalkResources(threads: resources.threads, scratchByteCount: resources.scratch)
    for coefficients in [[0.5, 0.25, 0.25], [0, 1, 0]] {
      let mix = try CheckpointMix(models, using: resources) { _ in .linear(coefficients) }
      let found = try mix.combine(using: resources) { _, _, _ in }.digests
      #expect(try found == models.map { try $0.digests(threads: 1) })
    }
  }
}
