import Checkpoints
import TestSupport
import Tensors
import Testing

@testable import Geometry

@Suite struct CheckpointMixTests {
  private let folder: TemporaryFolder
  private let resources = WalkResources(threads: 2, scratchByteCount: 1 << 20)

  init() throws { folder = try TemporaryFolder() }

  private func mix(
    _ models: [[StoredTensor]], dtype: DType? = nil,
    _ weighting: Weighting = .linear([0.5, 0.5])
  ) throws -> CheckpointMix {
    let models = try models.enumerated().map { try folder.model($1, "\($0).safetensors") }
    return try CheckpointMix(models, dtype: dtype, using: resources) { _ in weighting }
  }

  private func write(_ mix: CheckpointMix, _ resources: WalkResources) throws -> SafetensorsFile {
    let path = folder.path + "/mixed.safetensors"
    let writer = try SafetensorsWriter(path, entries: mix.entries, metadata: [])
    _ = try mix.combine(using: resources) { try writer.write($0, of: $1, from: $2) }
    try writer.commit()
    return try SafetensorsFile(path)
  }

  private func treatments(_ mix: CheckpointMix) -> [String: CheckpointMix.Treatment] {
    Dictionary(mix.tensors.map { ($0.name.canonical.text, $0.treatment) }) { $1 }
  }

  @Test("At the ends of a line lie the models, bit for bit", arguments: [0, 1])
  func ends(end: Int) throws {
    let models = [TinyModel.gpt2(seed: 1), TinyModel.gpt2(seed: 2)]
    let line = InterpolationPath.line(from: 0, to: 1, of: 2)
    let file = try write(
      mix(models, .linear(line.coefficients(at: Double(end)))), resources)
    for (record, tensor) in zip(file.records, models[end]) {
      #expect(try elementBytes(record) == tensor.bytes)
    }
  }

  @Test("The bytes depend on neither threads nor memory")
  func determinism() throws {
    let tensors = (0..<2).map { seed in
      [StoredTensor("a.weight", [600, 500], from: Double(seed)), StoredTensor("b", [3], from: 1)]
    }
    let mix = try mix(tensors, dtype: .bfloat16, .linear([0.3, 0.7]))
    let all = try [(1, 0), (3, 0), (2, 1 << 26)].map { threads, bytes in
      let file = try write(mix, WalkResources(threads: threads, scratchByteCount: bytes))
      return try file.records.map { try elementBytes($0) }
    }
    #expect(all.allSatisfy { $0 == all[0] })
  }

  @Test("Wrappers' prefixes do not matter; the first checkpoint's names are kept")
  func names() throws {
    let mix = try mix([
      [StoredTensor("transformer.wte.weight", [2, 1], [0, 2])],
      [StoredTensor("wte.weight", [2, 1], [4, 4])],
    ])
    #expect(mix.entries.map(\.name) == ["transformer.wte.weight"])
    let file = try write(mix, resources)
    #expect(try elementBytes(file.records[0]) == StoredTensor("", [2], [2, 3]).bytes)
  }

  @Test("Buffers and what only the first has are its own; what only others have is left out")
  func coverage() throws {
    let mask = StoredTensor("h.0.attn.bias", [1, 1, 2, 2], from: 0)
    let mix = try mix(
      [
        [mask, StoredTensor("w", [2], from: 0), StoredTensor("mine", [2], from: 7)],
        [StoredTensor("w", [2], from: 4), StoredTensor("theirs", [2], from: 0)],
      ], dtype: .bfloat16)
    #expect(
      treatments(mix) == ["h.0.attn.bias": .buffer, "w": .mixed, "mine": .onlyInFirst])
    #expect(mix.leftOut == ["theirs"])
    // Buffers keep their type.
    #expect(mix.entries.map(\.dtype) == [.float32, .bfloat16, .bfloat16])
    let file = try write(mix, resources)
    #expect(try elementBytes(file.records[0]) == mask.bytes)
    #expect(
      try elementBytes(file.records[2]) == StoredTensor("", [2], from: 7, dtype: .bfloat16).bytes)
  }

  @Test("A head that another model does not store is taken as tied to its embedding")
  func ties() throws {
    let embedding = StoredTensor("wte.weight", [2, 1], [1, 2])
    let head = StoredTensor("lm_head.weight", [2, 1], [3, 4])
    let mix = try mix([[embedding, head], [embedding]])
    let file = try write(mix, resources)
    #expect(try elementBytes(file.records[1]) == StoredTensor("", [2], [2, 3]).bytes)
  }

  @Test("Integers must agree")
  func integers() throws {
    let weight = StoredTensor("w", [1], [1])
    let levels = StoredTensor("levels", [2], from: 1, dtype: .int32)
    let others = StoredTensor("levels", [2], from: 2, dtype: .int32)
    #expect(treatments(try mix([[weight, levels], [weight, levels]]))["levels"] == .equal)
    let error = #expect(throws: CheckpointError.self) {
      try mix([[weight, levels], [weight, others]])
    }
    #expect(error?.tensor == "levels")
  }

  @Test("Another shape is an error that names the tensor, also of a padded vocabulary")
  func shapes() throws {
    let error = #expect(throws: CheckpointError.self) {
      try mix([
        [StoredTensor("wte.weight", [2, 3], from: 0)],
        [StoredTensor("wte.weight", [4, 3], from: 0)],
      ])
    }
    #expect(error?.tensor == "wte.weight")
    #expect(error?.detail.contains("[4, 3]") == true)
    #expect(throws: CheckpointError.self) {
      try mix([[StoredTensor("a", [1], [1])], [StoredTensor("b", [1], [1])]])
    }
  }

  @Test("Spherical weights follow each tensor's own angle, those of a tied head too")
  func spherical() throws {
    let right = [StoredTensor("w", [2], [1, 0]), StoredTensor("same", [2], [1, 0])]
    let up = [StoredTensor("w", [2], [0, 2]), StoredTensor("same", [2], [3, 0])]
    let mix = try mix([right, up], .spherical(0.5))
    let half = 0.5.squareRoot()
    for coefficient in mix.tensors[0].coefficients { #expect(abs(coefficient - half) < 1e-15) }
    #expect(mix.tensors[1].coefficients == [0.5, 0.5])
  }
}
