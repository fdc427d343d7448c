import LinearAlgebra
import Testing

@testable import Geometry

@Suite struct ClassicalScalingTests {
  /// The Gram matrix of points.
  private func gram(_ points: [[Double]]) -> GramMatrix {
    let pairs = points.flatMap { a in points.map { (a, $0) } }
    return GramMatrix(
      order: points.count, elementCount: points[0].count,
      nonfinite: points.map { _ in 0 },
      products: pairs.map { zip($0.0, $0.1).reduce(0) { $0 + $1.0 * $1.1 } },
      squares: pairs.map { zip($0.0, $0.1).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } })
  }

  @Test("Points in a plane keep their distances on two axes, the longer one first")
  func plane() throws {
    let points: [[Double]] = [[0, 0, 5], [8, 0, 5], [8, 2, 5], [0, 2, 5], [4, 1, 5]]
    let matrix = gram(points)
    let scaling = try #require(ClassicalScaling(matrix))
    #expect(scaling.values.count == 2)
    // 4 · 4² along the first axis, 4 · 1² along the second; eigenvalues are good to some 1e-14.
    #expect((scaling.values[0] - 64).magnitude < 1e-12 && (scaling.values[1] - 4).magnitude < 1e-12)
    for first in points.indices {
      for second in points.indices {
        let square = scaling.coordinates.reduce(0) {
          $0 + ($1[first] - $1[second]) * ($1[first] - $1[second])
        }
        #expect((square - matrix.squaredDistance(first, second)).magnitude < 1e-12)
      }
    }
    #expect((scaling.share(0) - 64.0 / 68).magnitude < 1e-14)
  }

  @Test("The greatest coordinate of an axis is positive")
  func sign() throws {
    for points in [[[0.0], [1], [10]], [[0], [-1], [-10]]] {
      let axis = try #require(ClassicalScaling(gram(points))).coordinates[0]
      #expect(axis[2] > 0 && axis[2].magnitude >= (axis.map(\.magnitude).max() ?? 0))
    }
  }

  @Test("Equal checkpoints have no axis, and those without finite distances no scaling")
  func edges() {
    #expect(ClassicalScaling(gram([[1, 2], [1, 2]]))?.values == [])
    #expect(ClassicalScaling(gram([[1, 2], [.nan, 2]])) == nil)
  }
}
