import Checkpoints
import LinearAlgebra
import Tensors
import TestSupport
import Testing

@testable import Geometry

@Suite struct WeightMatchingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private struct Pair {
    let pairing: CheckpointPairing
    let units: PermutableUnits
    let base: ParameterList
    let other: ParameterList

    func matching(seed: UInt64 = 0, threads: Int = 1) throws -> WeightMatching {
      try WeightMatching(pairing, units: units, seed: seed, threads: threads)
    }
  }

  private func pair(_ base: [StoredTensor], _ other: [StoredTensor]) throws -> Pair {
    try pair(folder.model(base, "a.safetensors"), folder.model(other, "b.safetensors"))
  }

  private func pair(_ base: ParameterList, _ other: ParameterList) throws -> Pair {
    let map = try #require(AxisMap.known(for: other))
    return Pair(
      pairing: CheckpointPairing(base: base, other: other),
      units: try PermutableUnits(other, map: map, heads: AttentionHeads(query: 3)), base: base,
      other: other)
  }

  /// The other with its units in another order.
  private func permuted(_ pair: Pair, by permutations: UnitPermutations) throws -> Pair {
    let path = folder.path + "/permuted.safetensors"
    try PermutedCheckpoint(pair.other, units: pair.units, permutations: permutations)
      .write(to: path, remark: "")
    return try self.pair(pair.base, ParameterList(SafetensorsFile(path)))
  }

  private func total(_ pair: Pair) throws -> TensorDifference {
    try PairWalk([pair.pairing]).differences(
      using: WalkResources(threads: 1, scratchByteCount: 1 << 20))[0]
      .reduce(into: TensorDifference()) { $0.merge($1) }
  }

  @Test("A permuted copy is brought back, bit for bit", arguments: 0..<6)
  func recovery(seed: UInt64) throws {
    for tensors in [TinyModel.gpt2(seed: seed), TinyModel.bert(seed: seed)] {
      let same = try pair(tensors, tensors)
      let shuffled = try permuted(
        same, by: PermutedCheckpointTests.random(same.units, seed: seed + 1))
      #expect(try total(shuffled).largest > 0)
      let back = try permuted(shuffled, by: shuffled.matching(seed: seed).permutations)
      #expect(try total(back).largest == 0)
    }
  }

  @Test("A model matched with itself stays as it is")
  func itself() throws {
    let matching = try pair(TinyModel.gpt2(seed: 1), TinyModel.gpt2(seed: 1)).matching()
    #expect(matching.groups.count == 5)
    #expect(matching.groups.allSatisfy { $0.moved == 0 && $0.gain == 0 })
  }

  @Test("The gains account for the smaller distance: ‖A − B‖² falls by twice their sum")
  func gains() throws {
    let models = try pair(TinyModel.gpt2(seed: 1), TinyModel.gpt2(seed: 2))
    let matching = try models.matching()
    let (before, after) = (
      try total(models), try total(permuted(models, by: matching.permutations))
    )
    let gain = matching.groups.reduce(0) { $0 + $1.gain }
    #expect(gain > 0)
    // Both sides are sums of two thousand products to 1e-12 of their magnitudes.
    #expect(abs(before.squared - after.squared - 2 * gain) < 1e-9 * before.squared)
    #expect(abs(after.squaredB - before.squaredB) < 1e-9 * before.squaredB)
  }

  @Test("The orders do not depend on the number of threads")
  func threads() throws {
    let models = try pair(TinyModel.gpt2(seed: 1), TinyModel.gpt2(seed: 2))
    let one = try models.matching(threads: 1)
    for threads in [2, 5] {
      let more = try models.matching(threads: threads)
      #expect(more.permutations == one.permutations)
      #expect(more.groups == one.groups)
    }
  }

  @Test("No other order of a single group is nearer")
  func optimality() throws {
    let models = try pair(TinyModel.gpt2(seed: 1), TinyModel.gpt2(seed: 2))
    let matched = try permuted(models, by: models.matching().permutations)
    let best = try total(matched).squared
    for (group, count) in matched.units.counts {
      var random = RandomStream(seed: 1)
      for _ in 0..<5 {
        var change = UnitPermutations()
        change.append(random.permutation(of: count), to: group)
        #expect(try total(permuted(matched, by: change)).squared >= best - 1e-9 * best)
      }
    }
  }

  @Test("The similarity is that of its definition, whichever way units lie")
  func similarity() throws {
    let (d, rows) = (TinyModel.channels, 5)
    let heads = PermutableGroup(kind: .heads, layer: 0)
    let stretch = AxisStretch(group: heads, start: 2, unitLength: 5, count: 2)
    let record = try folder.checkpoint(
      "x.safetensors",
      [.init("wide", [rows, d], from: -3), .init("tall", [d, rows], from: -3)])
    for (index, axes) in [[[], [stretch]], [[stretch], []]].enumerated() {
      let pair = TensorPair(
        name: ParameterName("x", shape: record.records[index].shape), base: record.records[index],
        other: record.records[index], remark: "")
      var found = Matrix(rows: 2, columns: 2)
      let tensor = try MatchingTensor(pair, axes: axes)
      found.withUnsafeMutableElements { elements in
        guard let start = elements.baseAddress else { return }
        tensor.addSimilarity(of: heads, rows: 0..<1, to: start)
        tensor.addSimilarity(of: heads, rows: 1..<2, to: start + 2)
      }
      let units = (0..<2).map { unit in
        (0..<5).flatMap { place in
          (0..<rows).map { other in
            let position = 2 + unit * 5 + place
            return Float(-3 + (index == 0 ? other * d + position : position * rows + other))
          }
        }
      }
      let expected = units.flatMap { left in
        units.map { right in zip(left, right).reduce(0) { $0 + $1.0 * $1.1 } }
      }
      #expect(found.elements == expected)  // whole numbers
    }
  }

  @Test("Weights that are not finite, or out of all proportion, are refused by name")
  func nonfinite() throws {
    for bad in [Double.nan, .infinity, 0x1p41] {
      var tensors = TinyModel.gpt2(seed: 1)
      tensors[2] = StoredTensor("ln_f.weight", [12], Array(repeating: bad, count: 12))
      let models = try pair(TinyModel.gpt2(seed: 2), tensors)
      let error = try #require(throws: CheckpointError.self) { _ = try models.matching() }
      #expect(error.tensor == "ln_f.weight")
    }
  }

  @Test("Layers that only one model has stay as they are")
  func differentDepth() throws {
    let shallow = TinyModel.gpt2(seed: 1).filter { !$0.name.hasPrefix("h.1.") }
    let models = try pair(shallow, TinyModel.gpt2(seed: 2))
    let matching = try models.matching()
    for group in matching.groups where group.group.layer == 1 { #expect(group.moved == 0) }
    #expect(matching.groups.count == 5)
  }

  @Test("Memory is that of both models in binary32 and the largest similarity")
  func memory() throws {
    let models = try pair(TinyModel.gpt2(seed: 1), TinyModel.gpt2(seed: 2))
    let elements = TinyModel.gpt2(seed: 1).reduce(0) { $0 + $1.shape.reduce(1, *) }
    let found = WeightMatching.byteCount(models.pairing, units: models.units)
    #expect(found == 8 * elements + 4 * TinyModel.hidden * TinyModel.hidden)
  }

  @Test("Axes without positions are refused, however long the others", arguments: [0, 1 << 50])
  func emptyMatrices(extent: Int) {
    let tensors = [StoredTensor("h.0.mlp.c_fc.weight", .float32, [0, extent], bytes: [])]
    #expect(throws: CheckpointError.self) { _ = try pair(tensors, tensors) }
  }

  @Test("Bytes of a square that no Int can count are the most it can")
  func squares() {
    #expect(squareByteCount(3) == 36)
    #expect(squareByteCount(3, ofEach: 88) == 9 * 88)
    #expect(squareByteCount(1 << 31) == .max)
    #expect(squareByteCount(1 << 50) == .max)
  }
}
