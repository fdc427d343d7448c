import TestSupport
import Testing

@testable import Geometry

/// Distances between points given by coordinates.
private func distances(_ points: [[Double]], kurtoses: [Double]? = nil) -> MutualDistances {
  let squares = memberPairs(points.count).map { first, second in
    zip(points[first], points[second]).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }
  return MutualDistances(
    matrices: [], elementCount: 0, pairSquares: squares,
    kurtoses: kurtoses ?? points.map { _ in 0 })
}

private func family(
  _ points: [[Double]], base: Int? = nil, kurtoses: [Double]? = nil
) -> Family {
  Family(
    members: Array(points.indices), logWeakest: -100,
    distances: distances(points, kurtoses: kurtoses), base: base)
}

@Suite struct GromovProductTests {
  @Test("Ways at right angles have product 0, and one on the way to the other has ratio 1")
  func angles() {
    let corner = distances([[0, 0], [3, 0], [0, 4]])
    let seen = GromovProduct(corner, 1, 2, from: 0)
    #expect(seen.value == 0 && seen.ratio == 0 && seen.cosine == 0)
    let line = distances([[0], [1], [5]])
    #expect(GromovProduct(line, 1, 2, from: 0).ratio == 5)
    let path = distances([[0, 0], [2, 0], [2, 3]])
    #expect(GromovProduct(path, 1, 2, from: 0).ratio == 1)
    #expect(GromovProduct(path, 1, 2, from: 0).value == 4)
  }

  @Test("A copy of the origin has no angle")
  func copy() {
    #expect(GromovProduct(distances([[0], [0], [1]]), 1, 2, from: 0).cosine.isNaN)
  }
}

@Suite struct PartialCosinesTests {
  @Test("With three ways they are those of the formula for three")
  func three() throws {
    let points: [[Double]] = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 2]]
    let found = try #require(PartialCosines(distances(points), from: 0))
    func cosine(_ first: Int, _ second: Int) -> Double {
      GromovProduct(distances(points), first, second, from: 0).cosine
    }
    let (ab, ac, bc) = (cosine(1, 2), cosine(1, 3), cosine(2, 3))
    let expected = (ab - ac * bc) / ((1 - ac * ac) * (1 - bc * bc)).squareRoot()
    #expect((found[1, 2] - expected).magnitude < 1e-12)
    #expect(found[0, 1].isNaN && found[2, 2].isNaN)
  }

  @Test("In a tree of steps at right angles only parents and children keep a cosine")
  func tree() throws {
    // 0 → 1 → 2 → 3 and 0 → 4, each step along an axis of its own.
    let points: [[Double]] = [
      [0, 0, 0, 0], [1, 0, 0, 0], [1, 2, 0, 0], [1, 2, 1, 0], [0, 0, 0, 3],
    ]
    let found = try #require(PartialCosines(distances(points), from: 0))
    for (first, second) in [(1, 3), (1, 4), (2, 4), (3, 4)] {
      #expect(found[first, second].magnitude < 1e-12)
    }
    // The inverse of the products is tridiagonal with −1/s² of the step from parent to child, and
    // the sums of its own and its child's 1/s² on the diagonal: steps of 1, 2 and 1 give (1/4) /
    // √((1 + 1/4)(1/4 + 1)) and 1 / √((1/4 + 1) · 1).
    #expect((found[1, 2] - 0.2).magnitude < 1e-12)
    #expect((found[2, 3] - 1 / 1.25.squareRoot()).magnitude < 1e-12)
  }

  @Test("Copies, and ways that are made up of others, have none")
  func singular() {
    #expect(PartialCosines(distances([[0, 0], [0, 0], [1, 0]]), from: 0) == nil)
    #expect(PartialCosines(distances([[0, 0], [1, 0], [0, 1], [1, 1]]), from: 0) == nil)
  }
}

@Suite struct FamilyTests {
  /// 0 → 1 → 2 and 0 → 3, each step along an axis of its own.
  private let tree: [[Double]] = [[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 0, 3]]

  @Test("Of two checkpoints alone nothing is told, and there is no split")
  func two() {
    let found = family([[0], [1]])
    #expect(found.base == nil && found.baseRemark.contains("alone"))
    #expect(found.parents.allSatisfy { $0.parent == nil && !$0.remark.isEmpty })
    #expect(found.partialCosines.isEmpty && found.products.isEmpty)
  }

  @Test("The base of a star is found by its right angles")
  func star() {
    let found = family([[3, 0, 0], [0, 0, 0], [0, 2, 0], [0, 0, 4]])
    #expect(found.base == 1 && found.baseSource == .rightAngles && found.baseRemark.isEmpty)
    #expect(found.parents.map(\.parent) == [1, nil, 1, 1])
  }

  @Test("Siblings that share a direction leave the base unknown, and say so")
  func sharedDrift() {
    let found = family([[0, 0, 0], [2, 1, 0], [2, 0, 1]])
    #expect(found.base == nil && found.baseSource == .none)
    #expect(found.baseRemark.contains("--base"))
    #expect(found.parents.allSatisfy { $0.remark == "the base is not known" })
  }

  @Test("Of three, two at right angles are children of the base")
  func three() {
    #expect(family([[0, 0], [1, 0], [0, 1]]).parents.map(\.parent) == [nil, 0, 0])
  }

  @Test("Two vertices with right angles leave the base unknown")
  func ambiguous() {
    // Nearly a needle: 0 and 1 are close, and 2 is far from both.
    let found = family([[0, 0], [0, 1], [5, 0]])
    #expect(found.base == nil && found.baseRemark.contains("2 members"))
  }

  @Test("With the base given, a grandchild's parent is told from its uncle")
  func parents() {
    let found = family(tree, base: 0)
    #expect(found.baseSource == .given)
    #expect(found.parents.map(\.parent) == [nil, 0, 1, 0])
    #expect(found.parents.allSatisfy { $0.remark.isEmpty })
  }

  @Test("A candidate that leads by too little is not called a parent")
  func abstains() {
    // 3 shares as much with 1 as with 2.
    let found = family([[0, 0, 0], [2, 0, 0], [0, 2, 0], [2, 2, 2]], base: 0)
    #expect(found.parents[3].parent == nil)
    #expect(found.parents[3].remark == "two are about as close to it")
  }

  @Test("Parents need four checkpoints, and distinct ones")
  func tooFew() {
    #expect(family([[0, 0], [1, 0], [1, 1]], base: 0).parents[2].remark.contains("four"))
    #expect(family([[0], [1]], base: 0).parents[1].remark.contains("alone"))
    let copies = family([[0, 0], [1, 0], [1, 0], [0, 1]], base: 0)
    #expect(copies.parents[1].remark.contains("same weights"))
  }

  @Test("The hint follows distances, and goes from higher kurtosis to lower")
  func hint() {
    let chain: [[Double]] = [[0], [1], [2]]
    #expect(family(chain, kurtoses: [3, 2, 1]).hint == [nil, 0, 1])
    #expect(family(chain, kurtoses: [1, 2, 3]).hint == [1, 2, nil])
    #expect(family(chain, base: 0, kurtoses: [1, 2, 3]).hint == [nil, 0, 1])
    #expect(family(chain, kurtoses: [1, .nan, 3]).hint.isEmpty)
  }

  @Test("Pairs that are not certified connect nothing, and the weakest needed link is kept")
  func clusters() {
    func pair(_ first: Int, _ second: Int, _ log: Double, _ shared: Bool = true) -> Lineage.Pair {
      Lineage.Pair(
        first: first, second: second, verdict: shared ? .shared : .notDetected,
        logCertified: log, unlikeness: 1, remarks: [])
    }
    let found = Clusters(
      6,
      [
        pair(0, 3, -50), pair(3, 4, -40), pair(0, 4, -20), pair(1, 2, -30), pair(2, 5, -1, false),
      ]
    ).clusters
    #expect(found.map(\.members) == [[0, 3, 4], [1, 2]])
    #expect(found.map(\.logWeakest) == [-40, -30])
  }
}
