import Checkpoints
import LinearAlgebra
import Tensors
import TestSupport
import Testing

@testable import Geometry

@Suite struct OriginTestTests {
  private let model = SmallModel(seed: 1)
  private let relative: SmallModel

  init() { relative = model.relative(correlation: 0.5, seed: 2) }

  private func order(_ count: Int, seed: UInt64 = 3) -> [Int] {
    var randomness = RandomStream(seed: seed)
    return randomness.permutation(of: count)
  }

  /// The dimensions of each of four heads in another order.
  private var headOrder: [Int] { (0..<4).flatMap { head in order(8).map { head * 8 + $0 } } }

  @Test("A relative shares its initialization, a stranger is not detected")
  func verdicts() throws {
    let shared = try origin(model.tensors(.gpt2), relative.tensors(.gpt2))
    #expect(shared.verdict == .shared)
    #expect(shared.family == "GPT-2")
    #expect(shared.stages.map(\.name) == ["direct"])
    #expect(shared.stages.allSatisfy { $0.planned == 3 })
    #expect(shared.controls.z.count == 3)
    let stranger = try origin(model.tensors(.gpt2), SmallModel(seed: 9).tensors(.gpt2))
    #expect(stranger.verdict == .notDetected)
    #expect(stranger.stages.map(\.name) == ["direct", "residual alignment"])
    #expect(stranger.detectionLimit > 0 && stranger.detectionLimit < 0.5)
    #expect(stranger.twoViews.map { !$0.isSimilar } == true)
  }

  @Test("The same order of hidden units in both changes no p-value")
  func commonOrder() throws {
    let before = try origin(model.tensors(.gpt2), relative.tensors(.gpt2))
    let order = order(64)
    let after = try origin(
      model.reorderingHidden(order, layer: 1).tensors(.gpt2),
      relative.reorderingHidden(order, layer: 1).tensors(.gpt2))
    #expect(after.logCertified == before.logCertified)
    #expect(
      after.evidence("mlp.1")?.ranks
        == before.evidence("mlp.1").map { old in
          order.map { old.ranks[$0] }
        })
  }

  @Test("Another order of one layer's hidden units takes that layer's evidence and no other's")
  func hiddenOrder() throws {
    let before = try origin(model.tensors(.gpt2), relative.tensors(.gpt2))
    let after = try origin(
      model.tensors(.gpt2), relative.reorderingHidden(order(64), layer: 1).tensors(.gpt2))
    for evidence in try #require(before.stages.first).evidence {
      let other = try #require(after.evidence(evidence.name))
      if evidence.name == "mlp.1" {
        #expect(evidence.logRankBound < -50)
        #expect(other.logRankBound > -3)
      } else {
        #expect(other.figures == evidence.figures)
      }
    }
  }

  @Test(
    "A rotated residual stream is aligned",
    arguments: [SmallModelNames.gpt2, .gpt2Linear, .mapped, .llama])
  func rotation(names: SmallModelNames) throws {
    // LayerNorm asks that the mean of channels stays the mean; RMSNorm takes any rotation.
    let rotation =
      names == .llama
      ? Matrix.randomRotation(32, seed: 6) : .randomRotationKeepingOnes(32, seed: 4)
    let rotated = model.relative(correlation: 0.9, seed: 2).rotated(by: rotation).tensors(names)
    let map = try AxisMap(parsing: SmallModelNames.map, family: "test")
    func find(isDirectOnly: Bool) throws -> OriginFinding {
      try origin(model.tensors(names), rotated) {
        $0.isDirectOnly = isDirectOnly
        if names == .mapped { $0.map = map }
      }
    }
    let finding = try find(isDirectOnly: false)
    #expect(finding.verdict == .sharedAfterAlignment)
    #expect(finding.stages.map(\.name) == ["direct", "residual alignment"])
    // Somewhat less than 0.9, as the rotation is fitted on relatives too.
    for evidence in finding.stages[1].evidence { #expect(evidence.likeness > 0.8) }
    let direct = try find(isDirectOnly: true)
    #expect(direct.verdict == .notDetected)
    #expect(direct.stages.map(\.planned) == [1])
  }

  @Test("An exact rotation is undone exactly")
  func exactRotation() throws {
    let rotated = model.rotated(by: .randomRotationKeepingOnes(32, seed: 4))
    let finding = try origin(model.tensors(.gpt2), rotated.tensors(.gpt2))
    for evidence in try #require(finding.stages.last).evidence {
      #expect(evidence.firsts == evidence.ranks.count)
      // Gains are folded into products by then; what is left is rounding.
      #expect(evidence.likeness > 0.99999)
    }
  }

  @Test("Once everything is in another order, only tokens that no text contained tell")
  func unusedTokens() throws {
    var hidden = model.relative(correlation: 0.9, seed: 2)
    for layer in 0..<2 {
      hidden = hidden.reorderingHidden(order(64, seed: UInt64(layer)), layer: layer)
        .reorderingHeads(headOrder, layer: layer)
    }
    let disguised = hidden.rotated(by: .randomRotationKeepingOnes(32, seed: 4)).tensors(.gpt2)
    let blind = try origin(model.tensors(.gpt2), disguised)
    #expect(blind.verdict == .similar)
    #expect(blind.twoViews == TwoViewMatch(agreeing: 128, units: 128))
    let finding = try origin(model.tensors(.gpt2), disguised) {
      $0.unusedTokens = [2..<12, 80..<90]
    }
    #expect(finding.verdict == .sharedByUnusedTokens)
    #expect(finding.stages.map(\.name) == ["direct", "residual alignment", "unused tokens"])
    let tokens = try #require(finding.evidence("unused", stage: "unused tokens"))
    #expect(tokens.firsts == 20 && tokens.blockLength == 20)
    // Fewer than ten could certify nothing, and rows beyond the embedding are none.
    let few = try origin(model.tensors(.gpt2), disguised) {
      $0.unusedTokens = [0..<9, 96..<200, 500..<Int.max]
    }
    #expect(few.verdict == .similar)
    #expect(few.remarks.contains { $0.contains("9 rows") && $0.contains("at least 10") })
    // A row named twice is one unit; counted twice it would square the p-value.
    let twice = try origin(model.tensors(.gpt2), disguised) {
      $0.unusedTokens = [80..<90, 2..<12, 5..<12, 80..<90]
    }
    #expect(twice.evidence("unused", stage: "unused tokens")?.blockLength == 20)
    #expect(twice.logCertified == finding.logCertified)
  }

  @Test("A row that is named twice counts once")
  func unusedTokensTwice() throws {
    let finding = try origin(model.tensors(.gpt2), SmallModel(seed: 9).tensors(.gpt2)) {
      $0.unusedTokens = [0..<12, 5..<9, 0..<12]
    }
    let tokens = try #require(finding.evidence("unused", stage: "unused tokens"))
    #expect(tokens.blockLength == 12)
  }

  @Test("Unused tokens of strangers tell nothing")
  func unusedTokensOfStrangers() throws {
    let finding = try origin(model.tensors(.gpt2), SmallModel(seed: 9).tensors(.gpt2)) {
      $0.unusedTokens = [0..<30]
    }
    #expect(finding.verdict == .notDetected)
    #expect(finding.stages.map(\.name).last == "unused tokens")
  }

  @Test(
    "Every bit is the same for any threads and memory",
    arguments: [(1, 1 << 28), (2, 1 << 28), (3, 50_000), (1, 50_000)])
  func resources(threads: Int, memory: Int) throws {
    var size = SmallModel.Size()
    (size.hidden, size.layers, size.tokens) = (600, 2, 300)
    let a = SmallModel(size, seed: 1)
    let b = a.rotated(by: .randomRotation(32, seed: 3))
    func find(_ resources: WalkResources) throws -> OriginFinding {
      try origin(a.tensors(.gpt2), b.tensors(.gpt2), resources: resources) {
        ($0.rows, $0.shuffles, $0.mapsLayers) = (500, 5, true)
      }
    }
    let expected = try find(WalkResources(threads: 2, scratchByteCount: 3_000_000))
    let found = try find(WalkResources(threads: threads, scratchByteCount: memory))
    #expect(expected.verdict == .sharedAfterAlignment)
    #expect(found.figures == expected.figures)
    #expect(found.controls == expected.controls)
    #expect(found.layerMap?.logRankBounds == expected.layerMap?.logRankBounds)
  }

  @Test("The same bits are identical, other rows of an embedding are not")
  func identical() throws {
    let tensors = model.tensors(.gpt2)
    let same = try origin(tensors, tensors)
    #expect(same.verdict == .identical)
    #expect(same.stages.isEmpty)
    #expect(try origin(tensors, model.tensors(.gpt2Linear)).verdict == .identical)
    var longer = model
    longer.tokens = model.tokens.rows(Array(0..<96) + [0, 1])
    let finding = try origin(tensors, longer.tensors(.gpt2))
    #expect(finding.verdict == .shared)
    #expect(finding.frozen.contains("wte.weight"))
    let extra = StoredTensor("h.0.extra.weight", .normal(2, 2, seed: 1))
    #expect(try origin(tensors, tensors + [extra]).verdict == .shared)
  }

  @Test("A position table of the same bits leaves res out, and does not hinder the alignment")
  func frozenPositions() throws {
    var other = relative
    other.positions = model.positions
    let finding = try origin(model.tensors(.gpt2), other.tensors(.gpt2))
    #expect(finding.verdict == .shared)
    #expect(finding.evidence("res") == nil)
    #expect(finding.frozen == ["wpe.weight"])
    #expect(finding.remarks.contains { $0.hasPrefix("wpe.weight has the same bits in both") })
    var rotated = relative.rotated(by: .randomRotationKeepingOnes(32, seed: 4))
    rotated.positions = model.positions
    let aligned = try origin(model.tensors(.gpt2), rotated.tensors(.gpt2))
    #expect(aligned.verdict == .sharedAfterAlignment)
  }

  @Test("Embeddings narrower than the layers align nothing, and crash nothing")
  func narrowEmbedding() throws {
    for width in [16, 64] {
      let (a, b) = (SmallModel(seed: 1), SmallModel(seed: 9))
      func tensors(_ model: SmallModel, seed: UInt64) -> [StoredTensor] {
        [StoredTensor("wte.weight", .normal(96, width, seed: seed))]
          + model.tensors(.gpt2).filter { $0.name.contains(".h.") }
      }
      let finding = try origin(tensors(a, seed: 1), tensors(b, seed: 2))
      #expect(finding.verdict == .notDetected)
      #expect(finding.stages.map(\.name) == ["direct"])
    }
  }

  @Test("An alignment that takes more memory than granted is left out, with a remark")
  func narrowMemory() throws {
    let models = [1, 9].map { SmallModel(seed: $0) }
    let finding = try origin(
      models[0].tensors(.gpt2), models[1].tensors(.gpt2),
      resources: WalkResources(threads: 1, scratchByteCount: 0))
    #expect(finding.stages.map(\.name) == ["direct"])
    #expect(finding.remarks.contains { $0.contains("more than --memory grants") })
  }

  @Test("Models whose units are all alike are untestable", arguments: [0, 0.5])
  func constant(value: Double) throws {
    let tensors = model.tensors(.gpt2).map { tensor in
      StoredTensor(
        tensor.name, tensor.shape, Array(repeating: value, count: tensor.shape.reduce(1, *)))
    }
    var other = tensors
    other[0].bytes[0] ^= 1
    let finding = try origin(tensors, other)
    #expect(finding.verdict == .untestable)
    #expect(finding.remarks.contains { $0.contains("all units are alike") })
  }

  @Test("Weights too large to be aligned are remarked upon")
  func largeWeights() throws {
    let large = [1, 9].map { SmallModel(seed: $0).mapMatrices { $0.scaled(by: 1e25) } }
    let finding = try origin(large[0].tensors(.gpt2), large[1].tensors(.gpt2))
    #expect(finding.verdict == .notDetected)
    #expect(finding.remarks.contains { $0.contains("cannot be aligned") })
  }

  @Test("A NaN or infinite weight is an error that names its tensor")
  func nonfinite() throws {
    for (value, name) in [(Float.nan, "h.1.mlp.c_proj.weight"), (.infinity, "wte.weight")] {
      var spoiled = relative
      if name == "wte.weight" {
        spoiled.tokens[5, 5] = value
      } else {
        spoiled.layers[1].down[3, 4] = value
      }
      for pair in [(model, spoiled), (spoiled, model)] {
        let error = try #require(throws: CheckpointError.self) {
          try origin(pair.0.tensors(.gpt2), pair.1.tensors(.gpt2))
        }
        #expect(error.tensor?.text.hasSuffix(name) == true)
      }
    }
  }

  @Test("Layers whose labels go together fail the controls, and there is no verdict")
  func copiedLayers() throws {
    var copied = model
    copied.layers = [model.layers[0], model.layers[0]]
    let other = copied.relative(correlation: 0.5, seed: 2)
    let finding = try origin(copied.tensors(.gpt2), other.tensors(.gpt2))
    #expect(finding.verdict == .controlsFailed)
    #expect(!finding.verdict.isShared)
  }

  @Test("Models of other families or widths are untestable, and the remarks say why")
  func untestable() throws {
    let bert = try origin(model.tensors(.gpt2), model.tensors(.bert))
    #expect(bert.verdict == .untestable)
    #expect(bert.remarks.contains("the names of B are those of BERT"))
    #expect(bert.remarks.contains { $0.hasPrefix("mlp") && $0.hasSuffix(": only in one model") })
    var size = SmallModel.Size()
    size.width = 64
    let wide = try origin(model.tensors(.gpt2), SmallModel(size, seed: 1).tensors(.gpt2))
    #expect(wide.verdict == .untestable)
    #expect(wide.stages.isEmpty && wide.detectionLimit.isNaN)
    let unknown = try origin(
      [StoredTensor("a", .normal(3, 3, seed: 1))], [StoredTensor("a", .normal(3, 3, seed: 2))])
    #expect(unknown.verdict == .untestable)
    #expect(unknown.remarks.first?.contains("--map") == true)
  }

  @Test("Queries and keys that changed places take their own evidence and no other's")
  func swappedQueries() throws {
    var other = relative
    for layer in 0..<2 {
      other.layers[layer].query = relative.layers[layer].key
      other.layers[layer].key = relative.layers[layer].query
    }
    let before = try origin(model.tensors(.gpt2), relative.tensors(.gpt2))
    let after = try origin(model.tensors(.gpt2), other.tensors(.gpt2))
    #expect(after.verdict == .shared)
    for evidence in try #require(before.stages.first).evidence {
      let found = try #require(after.evidence(evidence.name))
      if evidence.kind == .query {
        #expect(found.logRankBound > -5 && evidence.logRankBound < -10)
      } else {
        #expect(found.figures == evidence.figures)
      }
    }
  }

  @Test("Heads that one configuration tells are taken for both models", arguments: [0, 1])
  func headsOfOne(configured: Int) throws {
    let folder = try TemporaryFolder()
    let files = try [model, relative].enumerated().map { number, model in
      try ParameterList(folder.checkpoint("\(number)/a.safetensors", model.tensors(.gpt2)))
    }
    try folder.write(Array("{\"n_head\": 4}".utf8), to: "\(configured)/config.json")
    let finding = try OriginTest(
      files[0], files[1], options: OriginTest.Options(),
      resources: WalkResources(threads: 1, scratchByteCount: 1 << 20)
    ).run()
    #expect(finding.stages.first?.evidence.count == 7)
    #expect(finding.remarks.isEmpty)
  }

  @Test("Rounding to another type costs little", arguments: [DType.bfloat16, .float16, .float64])
  func types(dtype: DType) throws {
    let plain = try origin(model.tensors(.gpt2), relative.tensors(.gpt2))
    let rounded = try origin(
      model.tensors(.gpt2), relative.tensors(.gpt2).map { $0.converted(to: dtype) })
    #expect(rounded.verdict == .shared)
    // Eight bits of fraction change likenesses by 2e-3 at most, of about 0.5.
    #expect(abs(rounded.logCertified / plain.logCertified - 1) < 0.05)
    if dtype == .float64 { #expect(rounded.figures == plain.figures) }
  }

  @Test("Monte Carlo p-values of relatives are one in all labelings")
  func monteCarlo() throws {
    let finding = try origin(model.tensors(.gpt2), relative.tensors(.gpt2)) { $0.shuffles = 19 }
    let stage = try #require(finding.stages.first)
    #expect(stage.evidence.allSatisfy { $0.logMonteCarlo == -2.995732273553991 })  // ln 1/20
    #expect(stage.logMonteCarlo.map { $0 < -8 } == true)
  }

  @Test("Random labelings that take more memory than granted are left out, with a remark")
  func manyLabelings() throws {
    // The widest groups have 64 units, whose labels take 256 bytes.
    func find(_ shuffles: Int) throws -> OriginFinding {
      let resources = WalkResources(threads: 1, scratchByteCount: 256 * 1000)
      return try origin(model.tensors(.gpt2), relative.tensors(.gpt2), resources: resources) {
        $0.shuffles = shuffles
      }
    }
    let (few, many) = try (find(1000), find(1001))
    #expect(few.stages.first?.logMonteCarlo != nil)
    #expect(!few.remarks.contains { $0.contains("random labelings") })
    #expect(many.stages.first.map { $0.logMonteCarlo == nil } == true)
    #expect(many.remarks.contains { $0.contains("1000 random labelings of 64 units") })
    #expect(many.verdict == .shared)
  }

  @Test("The p-value is the first stage's unless a later one certifies")
  func logCertified() throws {
    let direct = try #require(
      try origin(model.tensors(.gpt2), relative.tensors(.gpt2)).stages.first)
    let expected =
      LogProbability.certified(direct.evidence.map(\.logRankBound)) + 1.0986122886681098  // ln 3
    #expect(abs(direct.logCertified - expected) < 1e-12 * abs(expected))
  }
}

extension OriginFinding {
  /// ln of the p-value of the first stage.
  fileprivate var logCertified: Double { stages.first?.logCertified ?? .nan }
}
