import Checkpoints
import LinearAlgebra
import Tensors
import TestSupport
import Testing

@testable import Geometry

@Suite struct PermutedCheckpointTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Random orders of all groups.
  static func random(_ units: PermutableUnits, seed: UInt64) -> UnitPermutations {
    var (random, permutations) = (RandomStream(seed: seed), UnitPermutations())
    for group in units.groups {
      permutations.append(random.permutation(of: units.counts[group] ?? 0), to: group)
    }
    return permutations
  }

  private func units(_ model: ParameterList, heads: Int = 3) throws -> PermutableUnits {
    let map = try #require(AxisMap.known(for: model))
    return try PermutableUnits(model, map: map, heads: AttentionHeads(query: heads))
  }

  private func write(
    _ model: ParameterList, _ units: PermutableUnits, _ permutations: UnitPermutations
  ) throws -> SafetensorsFile {
    let path = folder.path + "/permuted.safetensors"
    try PermutedCheckpoint(model, units: units, permutations: permutations)
      .write(to: path, remark: "test")
    return try SafetensorsFile(path)
  }

  @Test("Heads move in each part of a fused axis, channels along the other axis")
  func fused() throws {
    // Element [row, column] is 100 · row + column.
    let values = (0..<12).flatMap { row in (0..<36).map { Double(100 * row + $0) } }
    var tensors = TinyModel.gpt2(seed: 1)
    let index = try #require(tensors.firstIndex { $0.name == "h.0.attn.c_attn.weight" })
    tensors[index] = StoredTensor("h.0.attn.c_attn.weight", [12, 36], values)
    let model = try folder.model(tensors)
    var permutations = UnitPermutations()
    permutations.append([2, 0, 1], to: PermutableGroup(kind: .heads, layer: 0))
    permutations.append(
      [1, 0] + Array(2..<12), to: PermutableGroup(kind: .residual, layer: nil))
    let file = try write(model, try units(model), permutations)
    let bytes = try elementBytes(file.records[index])
    let firstRow = (0..<36).map { column in
      bytes.withUnsafeBytes { DType.float32.value(in: $0, at: column * 4) }
    }
    let heads = [[8, 9, 10, 11], [0, 1, 2, 3], [4, 5, 6, 7]].joined()
    #expect(firstRow == [0, 12, 24].flatMap { part in heads.map { Double(100 + part + $0) } })
  }

  @Test("Every element is still there, under the same name, type and order", arguments: 0..<4)
  func inverse(seed: UInt64) throws {
    for tensors in [TinyModel.gpt2(seed: 1), TinyModel.bert(seed: 1)] {
      let model = try folder.model(tensors)
      let units = try units(model)
      let permutations = PermutedCheckpointTests.random(units, seed: seed)
      let file = try write(model, units, permutations)
      #expect(file.records.map(\.name) == model.checkpoint.records.map(\.name))
      #expect(file.metadata.map(\.key) == ["transect", "format"])
      // And permuted back, it is the original.
      let back = try ParameterList(file)
      let original = folder.path + "/back.safetensors"
      try PermutedCheckpoint(back, units: units, permutations: permutations.inverse)
        .write(to: original, remark: "")
      for (left, right) in zip(try SafetensorsFile(original).records, model.checkpoint.records) {
        #expect(try elementBytes(left) == elementBytes(right))
      }
    }
  }

  @Test("Tied heads, buffers and half-precision tensors come through")
  func others() throws {
    let embedding = StoredTensor("wte.weight", [3, 2], from: 1, dtype: .bfloat16)
    var head = embedding
    head.name = "lm_head.weight"
    let mask = StoredTensor("h.0.attn.bias", [1, 1, 2, 2], from: 0)
    let model = try folder.model([mask, embedding, head])
    var permutations = UnitPermutations()
    permutations.append([1, 0], to: PermutableGroup(kind: .residual, layer: nil))
    let file = try write(model, try units(model), permutations)
    #expect(try elementBytes(file.records[0]) == mask.bytes)
    let swapped = StoredTensor("", [3, 2], [2, 1, 4, 3, 6, 5], dtype: .bfloat16).bytes
    #expect(try elementBytes(file.records[1]) == swapped)
    #expect(try elementBytes(file.records[2]) == swapped)
  }

  @Test("A file that does not hold the permuted original is noticed")
  func verification() throws {
    let tensors = TinyModel.gpt2(seed: 1)
    let model = try folder.model(tensors)
    let units = try units(model)
    let permuted = PermutedCheckpoint(
      model, units: units, permutations: PermutedCheckpointTests.random(units, seed: 1))
    #expect(throws: OutputError.self) {
      try permuted.verify(try folder.checkpoint("other.safetensors", tensors), named: "other")
    }
    #expect(throws: OutputError.self) {
      try permuted.verify(try folder.checkpoint("none.safetensors", []), named: "none")
    }
  }

  @Test("An order and its inverse cancel, in both directions")
  func cancelling() throws {
    let model = try folder.model(TinyModel.gpt2(seed: 1))
    let units = try units(model)
    let permutations = PermutedCheckpointTests.random(units, seed: 3)
    for (first, second) in [
      (permutations, permutations.inverse), (permutations.inverse, permutations),
    ] {
      var both = first
      for (group, order) in second.orders { both.append(order, to: group) }
      #expect(units.groups.allSatisfy { both.movedCount(in: $0) == 0 })
    }
  }
}
