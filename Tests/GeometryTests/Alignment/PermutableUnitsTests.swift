import Checkpoints
import Tensors
import TestSupport
import Testing

@testable import Geometry

@Suite struct PermutableUnitsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func units(
    _ tensors: [StoredTensor], map: String? = nil, heads: AttentionHeads? = nil
  ) throws -> PermutableUnits {
    let model = try folder.model(tensors)
    let known = AxisMap.known(for: model)
    let map = try map.map { try AxisMap(parsing: $0, family: "test") } ?? known
    return try PermutableUnits(model, map: try #require(map), heads: heads)
  }

  private func group(_ kind: PermutableGroup.Kind, _ layer: Int?) -> PermutableGroup {
    PermutableGroup(kind: kind, layer: layer)
  }

  @Test("Groups are the residual stream, and the heads and hidden units of each layer")
  func groups() throws {
    let found = try units(TinyModel.gpt2(seed: 1), heads: AttentionHeads(query: 3))
    #expect(
      found.groups.map(\.description) == ["residual", "heads 0", "hidden 0", "heads 1", "hidden 1"])
    #expect(found.counts[group(.residual, nil)] == TinyModel.channels)
    #expect(found.counts[group(.heads, 1)] == TinyModel.heads)
    #expect(found.counts[group(.hidden, 0)] == TinyModel.hidden)
  }

  @Test("A fused axis has a stretch for each part")
  func fused() throws {
    let found = try units(TinyModel.gpt2(seed: 1), heads: AttentionHeads(query: 3))
    let heads = group(.heads, 0)
    #expect(
      found.axes(of: "h.0.attn.c_attn.bias") == [
        [0, 12, 24].map { AxisStretch(group: heads, start: $0, unitLength: 4, count: 3) }
      ])
  }

  @Test("Query heads that share a key head are one unit")
  func sharedKeys() throws {
    let map = "q = query, residual\nk = key, residual\nv = value, residual\no = residual, context"
    let found = try units(
      [
        .init("q", [8, 5], from: 0), .init("k", [4, 5], from: 0), .init("v", [4, 5], from: 0),
        .init("o", [5, 8], from: 0),
      ], map: map, heads: AttentionHeads(query: 4, keyValue: 2))
    #expect(found.axes(of: "q")[0].map(\.unitLength) == [4])
    #expect(found.axes(of: "k")[0].map(\.unitLength) == [2])
    #expect(found.axes(of: "o")[1].map(\.count) == [2])
  }

  @Test("Heads of unknown number stay in place")
  func unknownHeads() throws {
    let found = try units(TinyModel.gpt2(seed: 1))
    #expect(found.groups.allSatisfy { $0.kind != .heads })
    #expect(found.axes(of: "h.0.attn.c_attn.weight")[1].allSatisfy { $0.group == nil })
  }

  @Test(
    "Parameters that could not be moved with the others are refused by name",
    arguments: [
      (StoredTensor("adapter.weight", [12, 2], from: 0), "does not know it"),
      (StoredTensor("h.0.mlp.c_fc.bias", [21], from: 0), "does not hold the 20 units of hidden 0"),
      (StoredTensor("h.0.ln_1.bias", [12, 1], from: 0), "has 1 axes"),
      (StoredTensor("h.0.attn.c_attn.bias", [35], from: 0), "no 3 equal parts"),
    ])
  func refused(tensor: StoredTensor, message: String) throws {
    let others = TinyModel.gpt2(seed: 1).filter { $0.name != tensor.name }
    let error = try #require(throws: CheckpointError.self) {
      _ = try units(others + [tensor], heads: AttentionHeads(query: 3))
    }
    #expect(error.tensor?.text == tensor.name)
    #expect(error.detail.contains(message))
  }

  @Test("A number of heads that gives queries and keys different lengths is wrong")
  func wrongHeads() throws {
    let map = "h.0.q = query, residual\nh.0.k = key, residual"
    let tensors = [StoredTensor("h.0.q", [8, 5], from: 0), .init("h.0.k", [4, 5], from: 0)]
    #expect(throws: CheckpointError.self) {
      try units(tensors, map: map, heads: AttentionHeads(query: 4))
    }
  }

  @Test("A classifier without a pooler may take the residual stream, and is refused")
  func classifier() throws {
    let classifier = StoredTensor("classifier.weight", [2, 12], from: 0)
    let pooler = StoredTensor("pooler.dense.weight", [12, 12], from: 0)
    let model = TinyModel.bert(seed: 1)
    #expect(throws: CheckpointError.self) { try units(model + [classifier]) }
    _ = try units(model + [classifier, pooler])
  }

  @Test("A gain of queries that all heads share stays in place; one for each head is refused")
  func queryGain() throws {
    let map = "h.0.q = query, residual\nh.0.norm = other"
    let heads = AttentionHeads(query: 4)
    let query = StoredTensor("h.0.q", [8, 5], from: 0)
    _ = try units([query, .init("h.0.norm", [2], from: 0)], map: map, heads: heads)
    #expect(throws: CheckpointError.self) {
      try units([query, .init("h.0.norm", [8], from: 0)], map: map, heads: heads)
    }
  }
}
