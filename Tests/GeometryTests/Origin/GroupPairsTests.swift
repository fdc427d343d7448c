import LinearAlgebra
import TestSupport
import Testing

@testable import Geometry

@Suite struct GroupPairsTests {
  private func groups(
    _ names: SmallModelNames = .gpt2, _ change: (inout SmallModel.Size) -> Void = { _ in }
  ) throws -> [UnitGroup] {
    var size = SmallModel.Size()
    change(&size)
    return try modelUnits(SmallModel(size, seed: 1).tensors(names)).groups
  }

  private func names(_ pairs: GroupPairs) -> [String] {
    pairs.pairs.map { $0.a.name == $0.b.name ? $0.a.name : "\($0.a.name) \($0.b.name)" }
  }

  @Test("Groups of one kind and layer are paired")
  func pairs() throws {
    let pairs = try GroupPairs(groups(), groups())
    #expect(names(pairs) == ["res", "mlp.0", "vo.0", "qk.0", "mlp.1", "vo.1", "qk.1"])
    #expect(pairs.remarks.isEmpty)
  }

  @Test("Layers that only one model has are paired with none, and named")
  func depth() throws {
    let (deep, shallow) = try (groups { $0.layers = 3 }, groups())
    for pairs in [GroupPairs(deep, shallow), GroupPairs(shallow, deep)] {
      #expect(names(pairs) == ["res", "mlp.0", "vo.0", "qk.0", "mlp.1", "vo.1", "qk.1"])
      #expect(
        pairs.remarks == ["mlp.2", "vo.2", "qk.2"].map { "\($0): only in one model" })
    }
  }

  @Test("Groups of other extents are left out, and the extents named")
  func extents() throws {
    let hidden = try GroupPairs(groups(), groups { $0.hidden = 65 })
    #expect(names(hidden) == ["res", "vo.0", "qk.0", "vo.1", "qk.1"])
    #expect(hidden.remarks.first == "mlp of 2 layers: 1 x 64 units against 1 x 65")
    let width = try GroupPairs(groups(), groups { $0.width = 64 })
    #expect(width.pairs.isEmpty)
    #expect(
      width.remarks.prefix(3) == [
        "res: 1 x 32 units against 1 x 64",
        "mlp of 2 layers: vectors of 32 weights against 64 in mlp.c_fc.weight",
        "vo of 2 layers: 4 x 8 units against 4 x 16",
      ])
    let gate = try GroupPairs(
      groups(.llama).filter { $0.kind == .hidden },
      groups(.gpt2).filter { $0.kind == .hidden })
    #expect(gate.remarks.first == "mlp of 2 layers: 3 tensors against 2")
  }

  @Test("Embeddings of other lengths are compared by the rows both have")
  func rows() throws {
    let pairs = try GroupPairs(
      groups(),
      groups {
        $0.tokens = 90
        $0.positions = 20
      })
    #expect(pairs.pairs[0].a.views.map(\.featureCount) == [90, 16])
    #expect(pairs.pairs[0].b.views.map(\.featureCount) == [90, 16])
    #expect(pairs.pairs[0].a.unitCount == 32)
  }

  @Test("Channels without a tensor in common are left out")
  func channels() throws {
    let other = try groups(.bert).filter { $0.kind == .residual }
    let pairs = try GroupPairs(groups().filter { $0.kind == .residual }, other)
    #expect(pairs.remarks == ["res: no tensor in common"])
  }

  @Test("Shifted pairs are of each layer and the next one, around the end")
  func shifted() throws {
    let (three, two, one) = try (groups { $0.layers = 3 }, groups(), groups { $0.layers = 1 })
    func layers(_ a: [UnitGroup], _ b: [UnitGroup]) -> [[Int?]] {
      GroupPairs(shifted: a, b).pairs.filter { $0.a.kind == .value }.map {
        [$0.a.layer, $0.b.layer]
      }
    }
    #expect(layers(three, three) == [[0, 1], [1, 2], [2, 0]])
    #expect(layers(two, two) == [[0, 1]])
    #expect(layers(one, one).isEmpty)
    #expect(GroupPairs(shifted: three, three).pairs.allSatisfy { $0.a.kind != .residual })
  }

  @Test("The greatest number of a layer is one as any other")
  func greatestLayer() throws {
    let last = try groups().map { group in
      UnitGroup(
        kind: group.kind, layer: group.layer.map { $0 == 1 ? Int.max : $0 },
        blockCount: group.blockCount, blockLength: group.blockLength, views: group.views)
    }
    #expect(GroupPairs(last, last).pairs.count == 7)
    #expect(GroupPairs(shifted: last, last).pairs.map(\.b.layer) == [Int.max, Int.max, Int.max])
  }
}
