import Checkpoints
import TestSupport
import Tensors
import Testing

@testable import Geometry

@Suite struct MixedStateDictTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func models(_ models: [[StoredTensor]]) throws -> [ParameterList] {
    try models.enumerated().map { try folder.model($1, "\($0).safetensors") }
  }

  private func values(
    _ weights: MixedStateDict, _ name: TensorName, _ range: Range<Int>
  ) throws -> [Float] {
    try [Float](unsafeUninitializedCapacity: range.count) { target, count in
      let target = UnsafeMutableBufferPointer(rebasing: target[..<range.count])
      try weights.read(name, elements: range, into: target)
      count = range.count
    }
  }

  private func bits(_ values: [Float]) -> [UInt8] { values.flatMap { littleEndian($0.bitPattern) } }

  @Test(
    "Its bits are those that a mix writes in F32",
    arguments: [
      [0.3, 0.7], [1, 0], [0, 1], [-0.5, 1.5],
    ])
  func bits(coefficients: [Double]) throws {
    let models = try models([
      TinyModel.gpt2(seed: 1), TinyModel.gpt2(seed: 2).map { $0.converted(to: .bfloat16) },
    ])
    let resources = WalkResources(threads: 2, scratchByteCount: 1 << 20)
    let mix = try CheckpointMix(models, dtype: .float32, using: resources) { _ in
      .linear(coefficients)
    }
    let path = folder.path + "/mixed.safetensors"
    let writer = try SafetensorsWriter(path, entries: mix.entries, metadata: [])
    _ = try mix.combine(using: resources) { try writer.write($0, of: $1, from: $2) }
    try writer.commit()
    let weights = try MixedStateDict(models, coefficients: [0.5, 0.5]).at(coefficients)
    #expect(weights.names == mix.tensors.map(\.name.canonical))
    for record in try SafetensorsFile(path).records {
      #expect(weights.shape(of: record.name) == record.shape)
      let found = try values(weights, record.name, 0..<record.shape.elementCount)
      #expect(bits(found) == (try elementBytes(record)))
    }
  }

  @Test("Ranges are parts of the whole, whatever pieces they are computed in")
  func ranges() throws {
    let count = 40_000
    let models = try models(
      [0.25, 0.5].map { [StoredTensor("w", [count], from: $0, dtype: .float64)] })
    let weights = try MixedStateDict(models, coefficients: [0.3, 0.7])
    let whole = try values(weights, "w", 0..<count)
    for range in [0..<0, 0..<1, 16_383..<16_385, 5..<count] {
      #expect(try values(weights, "w", range) == Array(whole[range]))
    }
  }

  @Test("Prefixes are stripped; buffers and what one checkpoint lacks are not there")
  func names() throws {
    let mask = StoredTensor("transformer.h.0.attn.bias", [1, 1, 2, 2], from: 0)
    let weights = try MixedStateDict(
      models([
        [mask, StoredTensor("transformer.a", [2], from: 0), StoredTensor("mine", [2], from: 0)],
        [StoredTensor("a", [2], from: 2), StoredTensor("theirs", [2], from: 0)],
      ]), coefficients: [0.5, 0.5])
    #expect(weights.names == ["a"])
    #expect(weights.shape(of: "mine") == nil)
    #expect(try values(weights, "a", 0..<2) == [1, 2])
    let error = #expect(throws: CheckpointError.self) { try values(weights, "mine", 0..<2) }
    #expect(error?.tensor == "mine")
  }

  @Test(
    "A head that a checkpoint does not store is its embedding, but a later one's own is not lost")
  func heads() throws {
    let embedding = StoredTensor("wte.weight", [2, 1], [1, 2])
    let head = StoredTensor("lm_head.weight", [2, 1], [3, 4])
    let models = try models([[embedding, head], [embedding], [embedding]])
    let weights = try MixedStateDict(Array(models[..<2]), coefficients: [0.5, 0.5])
    #expect(try values(weights, "lm_head.weight", 0..<2) == [2, 3])
    let error = #expect(throws: CheckpointError.self) {
      try MixedStateDict([models[1], models[0]], coefficients: [0.5, 0.5])
    }
    #expect(error?.tensor == "lm_head.weight")
    let tied = try MixedStateDict([models[1], models[2]], coefficients: [0.5, 0.5])
    #expect(tied.names == ["wte.weight"])
  }

  @Test("Integers are no weights")
  func integers() throws {
    let tensors = [
      StoredTensor("w", [1], [1]), StoredTensor("levels", [2], from: 1, dtype: .int32),
    ]
    let weights = try MixedStateDict(models([tensors])[0])
    let error = #expect(throws: CheckpointError.self) { try values(weights, "levels", 0..<2) }
    #expect(error?.reason == .unsupported)
  }
}
