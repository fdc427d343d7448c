import Checkpoints
import Geometry
import TestSupport
import Testing

@Suite struct LineageTests {
  private let folder: TemporaryFolder
  private let base = DriftingModel(seed: 1)

  init() throws { folder = try TemporaryFolder() }

  private func lineage(
    _ models: [DriftingModel], base: Int? = nil, alpha: Double = 1e-6, threads: Int = 2
  ) throws -> Lineage {
    let lists = try models.enumerated().map { try $1.list(in: folder, "\($0)") }
    var options = OriginTest.Options()
    options.level = alpha
    return try LineageTest(
      lists, base: base, options: options,
      resources: WalkResources(threads: threads, scratchByteCount: 1 << 26)
    ).run()
  }

  /// A base, two children, a grandchild by the first, and a stranger.
  private var tree: [DriftingModel] {
    let child = base.drifted(0.1, seed: 2)
    return [
      base, child, base.drifted(0.1, seed: 3), child.drifted(0.1, seed: 4), DriftingModel(seed: 5),
    ]
  }

  @Test("A tree is one family, its stranger is in none, and the grandchild finds its parent")
  func treeOfFour() throws {
    let found = try lineage(tree, base: 0)
    #expect(found.verdict == .someFamilies && found.families.map(\.members) == [[0, 1, 2, 3]])
    #expect(found.unconnected == [4])
    let family = try #require(found.families.first)
    #expect(family.parents.map(\.parent) == [nil, 0, 0, 1])
    #expect(family.hint[3] == 1 && family.hint[1] == 0 && family.hint[2] == 0)
    #expect(found.place(of: 3)?.member == 3 && found.place(of: 4) == nil)
  }

  @Test("Every pair is counted in the level and in the p-value")
  func correction() throws {
    let found = try lineage(Array(tree.prefix(3)), base: 0)
    #expect(found.verdict == .oneFamily && found.pairs.count == 3)
    let lists = try [0, 1].map { try tree[$0].list(in: folder, "pair\($0)") }
    var options = OriginTest.Options()
    options.isDirectOnly = true
    let pair = try OriginTest(
      lists[0], lists[1], options: options,
      resources: WalkResources(threads: 1, scratchByteCount: 1 << 26)
    ).run()
    // ln 3 more, for three pairs; both sums round at 1e3 · 2^-53.
    #expect((found.pairs[0].logCertified - pair.logCertified - 1.0986122886681098).magnitude < 1e-9)
  }

  @Test("Strangers are no family")
  func strangers() throws {
    let found = try lineage((10..<14).map { DriftingModel(seed: $0) })
    #expect(found.verdict == .noFamily && found.families.isEmpty)
    #expect(found.pairs.allSatisfy { $0.verdict == .notDetected && $0.logCertified == 0 })
  }

  @Test("Two families stay apart")
  func twoFamilies() throws {
    let other = DriftingModel(seed: 20)
    let found = try lineage([base, other, base.drifted(0.1, seed: 2), other.drifted(0.1, seed: 3)])
    #expect(found.families.map(\.members) == [[0, 2], [1, 3]])
    #expect(found.families.allSatisfy { $0.base == nil && $0.baseRemark.contains("alone") })
    #expect(found.verdict == .someFamilies)
  }

  @Test("Copies are certified without a p-value")
  func copies() throws {
    let found = try lineage([base, base, base])
    #expect(found.verdict == .oneFamily)
    #expect(found.pairs.allSatisfy { $0.verdict == .identical && $0.logCertified == -.infinity })
    #expect(found.families[0].base == nil && found.families[0].distances[0, 2] == 0)
  }

  @Test("Independent children of a base give it away by their right angles")
  func star() throws {
    let found = try lineage(Array(tree[1...2]) + [base])
    #expect(found.families[0].base == 2 && found.families[0].baseSource == .rightAngles)
  }

  @Test("A distilled model joins the family of the deeper one by its layers")
  func depths() throws {
    let deep = DriftingModel(layers: 4, seed: 6)
    let found = try lineage([
      deep, deep.drifted(0.1, seed: 7), deep.keeping([1, 3]).drifted(0.2, seed: 8),
    ])
    #expect(found.verdict == .oneFamily)
    #expect(found.pairs.contains { $0.remarks.contains { $0.contains("4 layers and B 2") } })
  }

  @Test("The figures do not depend on the number of threads")
  func threads() throws {
    let (one, four) = try (lineage(tree, threads: 1), lineage(tree, threads: 4))
    #expect(one.pairs.map(\.logCertified) == four.pairs.map(\.logCertified))
    #expect(one.families[0].products == four.families[0].products)
  }
}
