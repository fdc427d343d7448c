import Checkpoints
import LinearAlgebra
import TestSupport
import Testing

@testable import Geometry

@Suite struct ModelUnitsTests {
  private let models: (SmallModel, SmallModel)

  init() {
    let model = SmallModel(seed: 1)
    models = (model, model.relative(correlation: 0.25, seed: 2))
  }

  /// Ranks of every group, by name.
  private func ranks(_ a: SmallModelNames, _ b: SmallModelNames) throws -> [String: [Int]] {
    let map = try AxisMap(parsing: SmallModelNames.map, family: "test")
    let finding = try origin(models.0.tensors(a), models.1.tensors(b)) {
      $0.isDirectOnly = true
      if a == .mapped { $0.map = map }
    }
    let evidence = try #require(finding.stages.first).evidence
    return Dictionary(uniqueKeysWithValues: evidence.map { ($0.name, $0.ranks) })
  }

  @Test("The names and layout of a family make no difference", arguments: SmallModelNames.allCases)
  func families(names: SmallModelNames) throws {
    let expected = try ranks(.gpt2, .gpt2)
    let found = try ranks(names, names)
    #expect(expected.count == 7)
    guard names == .llama else { return #expect(found == expected) }
    // A gate more, and rotated queries.
    #expect(Set(found.keys) == ["res", "mlp.0", "vo.0", "mlp.1", "vo.1"])
    for name in ["vo.0", "vo.1"] { #expect(found[name] == expected[name]) }
  }

  @Test("A Conv1D checkpoint and its Linear twin have equal ranks with a third")
  func twins() throws {
    let expected = try ranks(.gpt2, .gpt2)
    #expect(try ranks(.gpt2Linear, .gpt2) == expected)
    #expect(try ranks(.gpt2, .gpt2Linear) == expected)
  }

  @Test("Query heads that share values are one block with them")
  func groupedQueries() throws {
    var size = SmallModel.Size()
    size.keyValueHeads = 2
    let units = try modelUnits(
      SmallModel(size, seed: 1).tensors(.llama), heads: AttentionHeads(query: 4, keyValue: 2))
    let values = try #require(units.groups.first { $0.name == "vo.1" })
    #expect((values.blockCount, values.blockLength) == (2, 8))
    #expect(values.views.map(\.featureCount) == [32, 64])
    // Heads 0 and 1 use the values of block 0, heads 2 and 3 those of block 1.
    #expect(
      values.views[1].slabs.map(\.positions) == [
        Array(0..<8) + Array(16..<24), Array(8..<16) + Array(24..<32),
      ])
    #expect(!units.groups.contains { $0.kind == .query })
    #expect(units.remarks == ["queries and keys are rotated by position, so qk is left out"])
    #expect(units.layerCount == 2)
  }

  @Test("Dimensions that values and outputs of all heads share move together")
  func groupedQueriesReordered() throws {
    var size = SmallModel.Size()
    (size.keyValueHeads, size.layers) = (2, 1)
    let model = SmallModel(size, seed: 1)
    let order = [3, 1, 0, 2, 7, 6, 5, 4]
    func moved(_ matrix: Matrix) -> Matrix {
      matrix.rows((0..<matrix.rows).map { $0 / 8 * 8 + order[$0 % 8] })
    }
    var other = model
    other.layers[0].value = moved(model.layers[0].value)
    other.layers[0].output = moved(model.layers[0].output)
    let finding = try origin(model.tensors(.llama), other.tensors(.llama)) {
      $0.heads = AttentionHeads(query: 4, keyValue: 2)
    }
    // One dimension of eight stays in its place.
    #expect(finding.evidence("vo.0").map { $0.firsts < 8 && $0.ranks[1] == 0 } == true)
    #expect(finding.evidence("mlp.0")?.firsts == 64)
  }

  @Test("Without the number of heads only hidden units and channels are left")
  func heads() throws {
    let units = try modelUnits(models.0.tensors(.gpt2), heads: nil)
    #expect(units.groups.map(\.name) == ["res", "mlp.0", "mlp.1"])
    #expect(units.remarks.first?.contains("--heads") == true)
    // Heads that do not divide the width make no groups.
    let odd = try modelUnits(models.0.tensors(.gpt2), heads: AttentionHeads(query: 5))
    #expect(odd.groups.map(\.name) == ["res", "mlp.0", "mlp.1"])
  }

  @Test("Without an embedding res is left out")
  func embedding() throws {
    let layers = models.0.tensors(.gpt2).filter { $0.name.contains(".h.") }
    let units = try modelUnits(layers)
    #expect(units.groups.first?.name == "mlp.0")
    #expect(units.remarks == ["no embedding is known, so res is left out"])
  }

  @Test("A position table alone makes no group of channels")
  func positionsAlone() throws {
    let units = try modelUnits(models.0.tensors(.gpt2).filter { !$0.name.contains("wte") })
    #expect(units.groups.first?.name == "mlp.0")
  }

  @Test("The token embedding is the first view, wherever a map names it")
  func tokensFirst() throws {
    let map = try AxisMap(
      parsing: "places = position, residual\nwords = token, residual", family: "test")
    let units = try modelUnits(models.0.tensors(.mapped), map: map)
    #expect(units.groups.first?.views.map(\.name) == ["words", "places"])
  }

  @Test("Matrices without elements are no units, however long their axes")
  func emptyMatrices() throws {
    let long = 1 << 50
    let units = try modelUnits([
      StoredTensor("wte.weight", .float32, [0, long], bytes: []),
      StoredTensor("h.0.mlp.c_fc.weight", .float32, [0, long], bytes: []),
      StoredTensor("h.0.attn.c_attn.weight", .float32, [0, 3 * long], bytes: []),
      StoredTensor("h.0.attn.c_proj.weight", .float32, [long, 0], bytes: []),
    ])
    #expect(units.groups.isEmpty)
  }

  @Test("Matrices of one layer that disagree on their units make no group")
  func disagreement() throws {
    var model = models.0
    model.layers[0].down = model.layers[0].down.rows(Array(0..<63))
    let units = try modelUnits(model.tensors(.gpt2))
    #expect(!units.groups.contains { $0.name == "mlp.0" })
    #expect(units.groups.contains { $0.name == "mlp.1" })
  }

  @Test("The token embedding is found, and no output head in its place")
  func tokenEmbedding() throws {
    let head = StoredTensor("lm_head.weight", Matrix.normal(96, 32, seed: 5))
    let list = try ParameterList(
      TemporaryFolder().checkpoint("a", [head] + models.0.tensors(.gpt2)))
    let map = try #require(AxisMap.known(for: list))
    let units = ModelUnits(list, map: map, heads: nil)
    #expect(units.groups[0].views.map(\.name) == ["wte.weight", "wpe.weight", "lm_head.weight"])
  }
}
