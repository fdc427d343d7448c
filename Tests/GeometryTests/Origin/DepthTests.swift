import Checkpoints
import Geometry
import Glibc
import TestSupport
import Testing

@Suite struct DepthTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func finding(
    _ a: ParameterList, _ b: ParameterList, rows: Int? = nil,
    _ change: (inout OriginTest.Options) -> Void = { _ in }
  ) throws -> OriginFinding {
    var options = OriginTest.Options()
    options.rows = rows
    change(&options)
    return try OriginTest(
      a, b, options: options, resources: WalkResources(threads: 2, scratchByteCount: 1 << 26)
    ).run()
  }

  @Test("Where depths differ, the layers that were kept are found without being asked for")
  func distilled() throws {
    let teacher = DriftingModel(layers: 5, seed: 1)
    let student = teacher.keeping([1, 2, 4]).drifted(0.2, seed: 2)
    let (a, b) = try (teacher.list(in: folder, "a"), student.list(in: folder, "b"))
    let found = try finding(a, b)
    let map = try #require(found.layerMap)
    #expect(map.assignment == [nil, 0, 1, nil, 2])
    #expect(found.verdict == .shared && found.controls.areSound)
    #expect(found.stages[0].planned == 4)
    let turned = try #require(try finding(b, a).layerMap)
    #expect(turned.assignment == [1, 2, 4])
  }

  @Test("Pairs found by a sample are compared again by all units, which alone certify")
  func rerun() throws {
    let model = DriftingModel(seed: 3)
    let (a, b) = try (
      model.list(in: folder, "a"), model.drifted(0.1, seed: 4).list(in: folder, "b")
    )
    let map = try #require(try finding(a, b, rows: 16) { $0.mapsLayers = true }.layerMap)
    #expect(map.rows == 16 && map.assignment == [0, 1])
    for layer in 0..<2 {
      #expect(map.logWholeBounds[layer] < map.logRankBounds[layer * 3] - 50)
    }
    let least = try #require(map.logWholeBounds.min())
    // 2 · 2 pairs, and 3 + 1 stages.
    #expect((map.logCertified - least - log(16)).magnitude < 1e-9)
  }

  @Test("Layers of strangers are assigned to none, and certify nothing")
  func strangers() throws {
    let (a, b) = try (
      DriftingModel(layers: 3, seed: 5).list(in: folder, "a"),
      DriftingModel(seed: 6).list(in: folder, "b")
    )
    let map = try #require(try finding(a, b).layerMap)
    #expect(map.assignment == [nil, nil, nil])
    #expect(map.logWholeBounds.allSatisfy { $0.isNaN } && map.logCertified == 0)
  }

  @Test("Layers of another width are left out, and the others are compared")
  func mixedShapes() throws {
    let model = DriftingModel(layers: 3, seed: 7)
    let (a, b) = try (
      model.list(in: folder, "a", narrow: [0]),
      model.drifted(0.1, seed: 8).keeping([0, 2]).list(in: folder, "b", narrow: [])
    )
    let map = try #require(try finding(a, b).layerMap)
    #expect(map.assignment == [nil, nil, 1])
    #expect(map.logRankBounds.prefix(2).allSatisfy { $0.isNaN })
  }

  @Test("Models without a common shape have no map")
  func noCommonShape() throws {
    let (a, b) = try (
      DriftingModel(layers: 2, seed: 9).list(in: folder, "a", narrow: [0, 1]),
      DriftingModel(layers: 1, seed: 9).list(in: folder, "b")
    )
    #expect(try finding(a, b).layerMap == nil)
  }

  @Test("The published statistic is refused where its cosines exceed the memory granted")
  func publishedMemory() throws {
    let (a, b) = try (
      DriftingModel(seed: 9).list(in: folder, "a"), DriftingModel(seed: 10).list(in: folder, "b")
    )
    let whole = try finding(a, b) { $0.comparesPublished = true }
    #expect(whole.published?.layers.count == 2)
    var options = OriginTest.Options()
    options.comparesPublished = true
    let refused = try OriginTest(
      a, b, options: options,
      resources: WalkResources(threads: 1, scratchByteCount: 64 * 64 * 4 - 1)
    ).run()
    #expect(refused.published == nil)
    #expect(refused.remarks.contains { $0.contains("published statistic") })
  }

  @Test("The published statistic knows a fine-tune, and its layers are in order")
  func published() throws {
    let model = DriftingModel(seed: 11)
    let found = try finding(
      model.list(in: folder, "a"), model.drifted(0.1, seed: 12).list(in: folder, "b")
    ) { $0.comparesPublished = true }
    let published = try #require(found.published)
    #expect(published.layers.map(\.layer) == [0, 1])
    #expect(published.layers.allSatisfy { $0.correlation == 1 })
    #expect(published.logCombined < -300)  // two times ln 64! = 205, less what Fisher costs
  }
}
