import LinearAlgebra
import TestSupport
import Testing

@testable import Geometry

@Suite struct TwoViewMatchTests {
  private let views = [Matrix.normal(300, 64, seed: 1), Matrix.normal(300, 64, seed: 2)]

  private func match(
    _ a: [Matrix], _ b: [Matrix],
    resources: WalkResources = WalkResources(threads: 2, scratchByteCount: 1 << 26)
  ) throws -> TwoViewMatch {
    var match = TwoViewMatch()
    try match.add(similarity(unitGroup(a), unitGroup(b), resources: resources))
    return match
  }

  @Test("All units of a copy in another order match, with whatever memory")
  func permutedCopy() throws {
    var randomness = RandomStream(seed: 3)
    let order = randomness.permutation(of: 300)
    for memory in [0, 1 << 26] {
      let found = try match(
        views, views.map { $0.rows(order) },
        resources: WalkResources(threads: 1, scratchByteCount: memory))
      #expect((found.agreeing, found.units) == (300, 300))
      #expect(found.isSimilar)
    }
  }

  @Test("Of strangers about one matches")
  func strangers() throws {
    let found = try match(views, [.normal(300, 64, seed: 4), .normal(300, 64, seed: 5)])
    // Poisson of mean 1; more than 6 have probability 1e-4.
    #expect(found.agreeing <= 6)
    #expect(!found.isSimilar)
  }

  @Test("One view says nothing")
  func oneView() throws {
    let found = try match([views[0]], [views[0]])
    #expect(found == TwoViewMatch())
    #expect(!found.isSimilar)
  }
}
