import Checkpoints
import Tensors
import TestSupport
import Testing

@testable import Geometry

@Suite struct CheckpointPairingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func pair(
    _ base: [StoredTensor], _ other: [StoredTensor], transposed: Bool = false,
    including isIncluded: @escaping @Sendable (TensorName) -> Bool = { _ in true }
  ) throws -> CheckpointPairing {
    var options = CheckpointPairing.Options()
    (options.matchesTransposed, options.isIncluded) = (transposed, isIncluded)
    return try CheckpointPairing(
      base: ParameterList(folder.checkpoint("base.safetensors", base)),
      other: ParameterList(folder.checkpoint("other.safetensors", other)), options: options)
  }

  private func entries(_ pairing: CheckpointPairing) -> [String] {
    pairing.coverage.map { entry in
      "\(entry.name): \(entry.status.rawValue)" + (entry.detail.isEmpty ? "" : ", \(entry.detail)")
    }
  }

  @Test("Equal names are paired in the base's order, whatever the prefixes")
  func prefixes() throws {
    let pairing = try pair(
      [
        .init("transformer.wte.weight", [3, 2], from: 0),
        .init("transformer.ln_f.bias", [2], from: 0),
      ],
      [.init("module.ln_f.bias", [2], from: 0), .init("wte.weight", [3, 2], from: 1)])
    #expect(pairing.pairs.map(\.name.canonical) == ["wte.weight", "ln_f.bias"])
    #expect(pairing.pairs.map(\.base.name) == ["transformer.wte.weight", "transformer.ln_f.bias"])
    #expect(pairing.pairs.map(\.other.name) == ["wte.weight", "module.ln_f.bias"])
    #expect(entries(pairing) == ["wte.weight: compared", "ln_f.bias: compared"])
  }

  @Test("Every status has its entry, and the summary counts them")
  func everyStatus() throws {
    let pairing = try pair(
      [
        .init("a", [2], from: 0), .init("b", [2], from: 0), .init("c", [2], from: 0),
        .init("skip", [2], from: 0), .init("wte.weight", [3, 2], from: 0),
        .init("lm_head.weight", [3, 2], from: 0), .init("h.0.attn.bias", [1, 1, 2, 2], from: 0),
      ],
      [
        .init("a", [2], from: 0), .init("c", [3], from: 0), .init("d", [2], from: 0),
        .init("skip.too", [2], from: 0), .init("wte.weight", [3, 2], from: 5),
        .init("h.0.attn.masked_bias", [], [-1e4]), .init("h.0.attn.bias", [1, 1, 2, 2], from: 0),
      ], including: { !$0.text.hasPrefix("skip") })
    #expect(
      entries(pairing).sorted() == [
        "a: compared", "b: only in base", "c: shape mismatch, [2] against [3]", "d: only in other",
        "h.0.attn.bias: buffer, 1x1x2x2", "h.0.attn.masked_bias: buffer, scalar",
        "lm_head.weight: tied, in base, to wte.weight", "skip.too: excluded", "skip: excluded",
        "wte.weight: compared",
      ])
    #expect(
      pairing.summary.map { "\($0.count) \($0.status.rawValue)" } == [
        "2 compared", "2 buffer", "1 tied", "1 only in base", "1 only in other",
        "1 shape mismatch", "2 excluded",
      ])
  }

  @Test("A difference of types is remarked upon")
  func types() throws {
    let pairing = try pair(
      [.init("a", [2], from: 0)], [.init("a", [2], from: 0, dtype: .bfloat16)])
    #expect(entries(pairing) == ["a: compared, F32 against BF16"])
    #expect(pairing.pairs[0].remark == "F32 against BF16")
  }

  @Test("Scalars and tensors without elements are paired like others")
  func smallTensors() throws {
    let tensors = [StoredTensor("a", [], [1]), .init("b", [0, 2], [])]
    #expect(try pair(tensors, tensors).pairs.count == 2)
    let mismatch = try pair([.init("a", [], [1])], [.init("a", [1], [1])])
    #expect(entries(mismatch) == ["a: shape mismatch, [] against [1]"])
  }

  @Test("Tensors whose names collide without prefixes keep them")
  func collisions() throws {
    let pairing = try pair(
      [.init("model.x", [2], from: 0), .init("x", [2], from: 5)], [.init("x", [2], from: 1)])
    #expect(entries(pairing) == ["model.x: only in base", "x: compared"])
    #expect(pairing.pairs[0].base.name == "x")
  }

  @Test("Names that only look the same are not paired")
  func lookalikes() throws {
    let pairing = try pair([.init("caf\u{E9}", [1], [1])], [.init("cafe\u{301}", [1], [1])])
    #expect(pairing.pairs.isEmpty)
    #expect(pairing.coverage.map(\.status) == [.onlyInBase, .onlyInOther])
  }
}

@Suite struct TiedHeadTests {
  private let folder: TemporaryFolder
  private let embedding = StoredTensor("wte.weight", [3, 2], from: 0)

  init() throws { folder = try TemporaryFolder() }

  private func pair(_ base: [StoredTensor], _ other: [StoredTensor]) throws -> CheckpointPairing {
    try CheckpointPairing(
      base: ParameterList(folder.checkpoint("base.safetensors", base)),
      other: ParameterList(folder.checkpoint("other.safetensors", other)))
  }

  @Test("A head that the other does not store is compared with its embedding")
  func missingInOther() throws {
    let pairing = try pair([embedding, .init("lm_head.weight", [3, 2], from: 9)], [embedding])
    let head = try #require(pairing.pairs.last)
    #expect(head.name.canonical == "lm_head.weight")
    #expect(head.other.name == "wte.weight")
    #expect(head.remark == "other stores no head, so taken as tied to wte.weight")
  }

  @Test("A head that the base does not store is compared with the base's embedding")
  func missingInBase() throws {
    let pairing = try pair([embedding], [embedding, .init("lm_head.weight", [3, 2], from: 9)])
    let head = try #require(pairing.pairs.last)
    #expect(head.base.name == "wte.weight")
    #expect(head.remark == "base stores no head, so taken as tied to wte.weight")
    #expect(pairing.coverage.map(\.status) == [.compared, .compared])
  }

  @Test("A head that repeats the embedding's bytes counts once")
  func duplicated() throws {
    var copy = embedding
    copy.name = "lm_head.weight"
    let pairing = try pair([copy, embedding], [embedding])
    #expect(pairing.pairs.map(\.name.canonical) == ["wte.weight"])
    #expect(pairing.coverage.last?.detail == "in base, to wte.weight")
  }

  @Test("A duplicated head is compared with an untied one through the embedding")
  func duplicatedAgainstUntied() throws {
    var copy = embedding
    copy.name = "lm_head.weight"
    let pairing = try pair(
      [embedding, copy], [embedding, .init("lm_head.weight", [3, 2], from: 7)])
    #expect(pairing.pairs.map(\.name.canonical) == ["wte.weight", "lm_head.weight"])
    #expect(pairing.pairs.last?.base.name == "wte.weight")
  }

  @Test("Without an embedding, a head is a tensor like others")
  func noEmbedding() throws {
    let head = StoredTensor("lm_head.weight", [3, 2], from: 0)
    let pairing = try pair([head, .init("a", [1], [1])], [.init("a", [1], [1])])
    #expect(pairing.coverage.map(\.status) == [.onlyInBase, .compared])
  }

  @Test("A head padded otherwise than the embedding is cut with it")
  func paddedHead() throws {
    let pairing = try pair([embedding], [embedding, .init("lm_head.weight", [5, 2], from: 9)])
    let head = try #require(pairing.pairs.last)
    #expect(head.other.shape == Shape([3, 2]))
    #expect(
      head.remark == "base stores no head, so taken as tied to wte.weight; first 3 rows of 3 and 5")
  }

  @Test("Padded vocabularies are compared in the rows they share", arguments: [(3, 5), (5, 3)])
  func paddedVocabulary(rows: Int, otherRows: Int) throws {
    let pairing = try pair(
      [.init("wte.weight", [rows, 2], from: 0)], [.init("wte.weight", [otherRows, 2], from: 0)])
    #expect(pairing.pairs[0].base.shape == Shape([3, 2]))
    #expect(pairing.pairs[0].other.shape == Shape([3, 2]))
    #expect(pairing.pairs[0].remark == "first 3 rows of \(rows) and \(otherRows)")
  }

  @Test("Embeddings of other widths, and matrices of other lengths, do not match")
  func notPadded() throws {
    let pairing = try pair(
      [embedding, .init("h.0.c_fc.weight", [4, 2], from: 0)],
      [.init("wte.weight", [3, 4], from: 0), .init("h.0.c_fc.weight", [6, 2], from: 0)])
    #expect(pairing.coverage.map(\.status) == [.shapeMismatch, .shapeMismatch])
  }
}

@Suite struct TransposedPairingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func pair(
    _ base: [StoredTensor], _ other: [StoredTensor], matching: Bool
  ) throws -> CheckpointPairing {
    var options = CheckpointPairing.Options()
    options.matchesTransposed = matching
    return try CheckpointPairing(
      base: ParameterList(folder.checkpoint("base.safetensors", base)),
      other: ParameterList(folder.checkpoint("other.safetensors", other)), options: options)
  }

  private let wide = StoredTensor("h.0.mlp.c_fc.weight", [2, 3], from: 0)
  private let tall = StoredTensor("h.0.mlp.c_fc.weight", [3, 2], [0, 3, 1, 4, 2, 5])
  private let square = StoredTensor("h.0.attn.c_proj.weight", [2, 2], [1, 2, 3, 4])
  private let squareTransposed = StoredTensor("h.0.attn.c_proj.weight", [2, 2], [1, 3, 2, 4])

  private func squaredDistances(_ pairing: CheckpointPairing) throws -> [Double] {
    try PairWalk([pairing]).differences(using: .init(threads: 1, scratchByteCount: 0))[0]
      .map(\.squared)
  }

  @Test("A transposed matrix is a mismatch that names the option, unless the option is given")
  func option() throws {
    let without = try pair([wide], [tall], matching: false)
    #expect(without.pairs.isEmpty)
    #expect(
      without.coverage.map(\.detail)
        == ["[2, 3] against [3, 2], stored transposed; --match-transposed compares them"])
    let with = try pair([wide], [tall], matching: true)
    #expect(with.pairs[0].remark == "other is stored transposed")
    #expect(with.pairs[0].other.shape == Shape([2, 3]))
    #expect(try squaredDistances(with) == [0])
  }

  @Test("Square matrices follow the others of their layers")
  func squares() throws {
    let without = try pair([square, wide], [squareTransposed, tall], matching: false)
    #expect(without.coverage.map(\.status) == [.shapeMismatch, .shapeMismatch])
    let with = try pair([square, wide], [squareTransposed, tall], matching: true)
    #expect(try squaredDistances(with) == [0, 0])
  }

  @Test("Square matrices stay as they are where any other matrix does, or none can tell")
  func straightSquares() throws {
    #expect(try squaredDistances(pair([square], [square], matching: true)) == [0])
    #expect(try squaredDistances(pair([square, wide], [square, wide], matching: true)) == [0, 0])
    let mixed = StoredTensor("h.1.mlp.c_fc.weight", [2, 3], from: 0)
    #expect(
      try squaredDistances(pair([square, wide, mixed], [square, tall, mixed], matching: true))
        == [0, 0, 0])
  }

  @Test("Square embeddings and matrices outside layers are never taken for transposed")
  func outsideLayers() throws {
    let others = [
      StoredTensor("wpe.weight", [2, 2], from: 1), .init("head.weight", [2, 2], from: 3),
    ]
    let pairing = try pair(others + [wide], others + [tall], matching: true)
    #expect(try squaredDistances(pairing) == [0, 0, 0])
  }

  @Test("Tensors of more than two extents that read the same both ways are not transposed")
  func palindromicShapes() throws {
    let kernel = StoredTensor("h.0.conv.weight", [2, 3, 2], from: 0)
    let pairing = try pair([kernel, wide], [kernel, tall], matching: true)
    #expect(pairing.coverage.map(\.status) == [.compared, .compared])
    #expect(try squaredDistances(pairing) == [0, 0])
  }

  @Test("Vectors and higher ranks have no transposed form")
  func otherRanks() throws {
    let pairing = try pair(
      [.init("h.0.a", [2, 3, 4], from: 0)], [.init("h.0.a", [4, 3, 2], from: 0)], matching: true)
    #expect(pairing.coverage.map(\.detail) == ["[2, 3, 4] against [4, 3, 2]"])
  }
}
