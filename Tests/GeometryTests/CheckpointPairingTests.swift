import Checkpoints
import Geometry
import Tensors
import TestSupport
import Testing

@Suite struct CheckpointPairingTests {
  private typealias Content = [(name: String, shape: [Int], values: [Float])]

  private func list(_ content: Content) throws -> (ParameterList, TemporaryFolder) {
    let folder = try TemporaryFolder()
    let tensors = content.map { tensor in
      (
        name: tensor.name, dtype: "F32", shape: tensor.shape,
        bytes: tensor.values.withUnsafeBytes { Array($0) }
      )
    }
    let path = try folder.write(SafetensorsBytes.file(tensors), to: "x.safetensors")
    return (try ParameterList(openCheckpoint(path)), folder)
  }

  private func numbers(_ count: Int, from first: Float = 1) -> [Float] {
    (0..<count).map { first + Float($0) }
  }

  private func pair(
    _ base: Content, _ other: Content, transposed: Bool = false
  ) throws -> (CheckpointPairing, [TensorDifference]) {
    var options = CheckpointPairing.Options()
    options.matchesTransposed = transposed
    let (left, right) = try (list(base), list(other))
    let pairing = CheckpointPairing(base: left.0, other: right.0, options: options)
    let differences = try PairWalk([pairing])
      .differences(using: WalkResources(threads: 1, scratchByteCount: 1 << 20))
    return (pairing, differences[0])
  }

  private func statuses(_ pairing: CheckpointPairing) -> [String: String] {
    Dictionary(
      pairing.coverage.map { ($0.name.text, $0.status.rawValue) },
      uniquingKeysWith: { $0 + "," + $1 })
  }

  @Test("Every tensor of either checkpoint is accounted for")
  func coverage() throws {
    let (pairing, _) = try pair(
      [
        ("transformer.wte.weight", [2, 2], numbers(4)), ("a", [3], numbers(3)),
        ("transformer.h.0.attn.bias", [1, 1, 2, 2], numbers(4)), ("mine", [1], [1]),
      ],
      [("wte.weight", [2, 2], numbers(4)), ("a", [2], numbers(2)), ("yours", [1], [1])])
    #expect(
      statuses(pairing) == [
        "wte.weight": "compared", "a": "shape mismatch", "h.0.attn.bias": "buffer",
        "mine": "only in base", "yours": "only in other",
      ])
  }

  @Test("A head that repeats the embedding counts once")
  func tied() throws {
    let both: Content = [
      ("wte.weight", [2, 2], numbers(4)), ("lm_head.weight", [2, 2], numbers(4)),
    ]
    let (pairing, _) = try pair(both, [both[0]])
    #expect(pairing.pairs.map(\.name.canonical) == ["wte.weight"])
    #expect(statuses(pairing)["lm_head.weight"] == "tied")
  }

  @Test("A head of its own is compared with the embedding that the other ties it to")
  func untied() throws {
    let (pairing, differences) = try pair(
      [("wte.weight", [2, 2], numbers(4)), ("lm_head.weight", [2, 2], numbers(4, from: 3))],
      [("wte.weight", [2, 2], numbers(4))])
    #expect(pairing.pairs.map(\.name.canonical) == ["wte.weight", "lm_head.weight"])
    #expect(differences[1].squared == 16)  // four elements, each 2 apart
  }

  @Test("Embeddings that differ in padding are compared in their common rows")
  func padded() throws {
    let (pairing, differences) = try pair(
      [("wte.weight", [3, 2], numbers(6))], [("wte.weight", [4, 2], numbers(8))])
    #expect(differences[0].count == 6)
    #expect(differences[0].squared == 0)
    #expect(pairing.pairs[0].remark == "first 3 rows of 3 and 4")
  }

  @Test("Transposed matrices are compared on request, square ones as the others suggest")
  func transposed() throws {
    let base: Content = [
      ("h.0.mlp.c_fc.weight", [2, 3], [1, 2, 3, 4, 5, 6]),
      ("h.0.attn.c_proj.weight", [2, 2], [1, 2, 3, 4]),
    ]
    let other: Content = [
      ("h.0.mlp.c_fc.weight", [3, 2], [1, 4, 2, 5, 3, 6]),
      ("h.0.attn.c_proj.weight", [2, 2], [1, 3, 2, 4]),
    ]
    let (matched, differences) = try pair(base, other, transposed: true)
    #expect(matched.pairs.count == 2)
    #expect(differences.allSatisfy { $0.squared == 0 && $0.identical == $0.count })
    let (refused, _) = try pair(base, other)
    #expect(Set(statuses(refused).values) == ["shape mismatch"])
  }

  @Test("Names that would collide without their prefix keep it")
  func collision() throws {
    let both: Content = [("model.x", [1], [1]), ("x", [1], [2])]
    let (pairing, differences) = try pair(both, both)
    #expect(Set(pairing.pairs.map(\.name.canonical)) == ["model.x", "x"])
    #expect(differences.allSatisfy { $0.squared == 0 })
  }

  @Test("What the options leave out is reported as excluded")
  func excluded() throws {
    var options = CheckpointPairing.Options()
    options.isIncluded = { $0 != "b" }
    let (both, _folder) = try list([("a", [1], [1]), ("b", [1], [1])])
    _ = _folder
    let pairing = CheckpointPairing(base: both, other: both, options: options)
    #expect(pairing.pairs.map(\.name.canonical) == ["a"])
    #expect(statuses(pairing)["b"] == "excluded")
  }
}
