import Testing

@testable import LinearAlgebra

@Suite struct OrthogonalProcrustesTests {
  private static func random(_ rows: Int, _ columns: Int, stream: UInt64) -> Matrix {
    var random = RandomStream(seed: 2, stream: stream)
    let elements = (0..<rows * columns).map { _ in Float(random.normal()) }
    return Matrix(rows: rows, columns: columns, elements: elements)
  }

  /// The largest |Rᵀ R − I|.
  private static func defect(_ matrix: Matrix) -> Float {
    let square = Matrix.plainProduct(matrix.transposed, matrix)
    return (0..<square.rows).flatMap { row in
      (0..<square.columns).map { abs(square[row, $0] - (row == $0 ? 1 : 0)) }
    }.max() ?? 0
  }

  /// Elements of R are rounded to 2^-24 of at most 1; a sum of 40 products of two has 80 of those.
  private static let tolerance: Float = 80 * 0x1p-24

  @Test("A rotation of points is found again", arguments: [1, 2, 7, 40])
  func recovery(size: Int) {
    let rotation = nearestOrthogonal(to: OrthogonalProcrustesTests.random(size, size, stream: 1))
    let points = OrthogonalProcrustesTests.random(3 * size, size, stream: 2)
    let rotated = Matrix.plainProduct(points, rotation)
    let found = nearestOrthogonal(to: Matrix.plainProduct(points.transposed, rotated))
    // M is rounded to 2^-24 of its norm, and its condition number is about 10.
    for (x, y) in zip(found.elements, rotation.elements) {
      #expect(abs(x - y) < 100 * 0x1p-24)
    }
  }

  @Test("The result is orthogonal, also for singular input", arguments: [0, 1, 3, 8])
  func orthogonality(rank: Int) {
    let left = OrthogonalProcrustesTests.random(8, rank, stream: 3)
    let right = OrthogonalProcrustesTests.random(rank, 8, stream: 4)
    let nearest = nearestOrthogonal(to: Matrix.plainProduct(left, right))
    #expect(OrthogonalProcrustesTests.defect(nearest) < OrthogonalProcrustesTests.tolerance)
  }

  @Test("Reflections are allowed, and diagonal input gives its signs")
  func signs() {
    let diagonal = Matrix(rows: 3, columns: 3, elements: [2, 0, 0, 0, -3, 0, 0, 0, 0.5])
    let expected = Matrix(rows: 3, columns: 3, elements: [1, 0, 0, 0, -1, 0, 0, 0, 1])
    #expect(nearestOrthogonal(to: diagonal) == expected)
  }

  @Test("No random rotation comes closer")
  func optimality() {
    let target = OrthogonalProcrustesTests.random(6, 6, stream: 5)
    let best = distance(nearestOrthogonal(to: target), target)
    for stream in 6..<60 as Range<UInt64> {
      let other = nearestOrthogonal(to: OrthogonalProcrustesTests.random(6, 6, stream: stream))
      #expect(best <= distance(other, target))
    }
  }

  private func distance(_ left: Matrix, _ right: Matrix) -> Float {
    zip(left.elements, right.elements).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  @Test("Orders of magnitude that overflow binary32 squares do no harm", arguments: [1e-30, 1e30])
  func scale(factor: Float) {
    let matrix = OrthogonalProcrustesTests.random(5, 5, stream: 7)
    let scaled = Matrix(rows: 5, columns: 5, elements: matrix.elements.map { $0 * factor })
    for (x, y) in zip(
      nearestOrthogonal(to: scaled).elements, nearestOrthogonal(to: matrix).elements)
    {
      // Scaling rounds each element once; the condition number is some 10.
      #expect(abs(x - y) < 100 * 0x1p-24)
    }
  }

  @Test("A matrix without elements is its own nearest")
  func empty() {
    let none = Matrix(rows: 0, columns: 0)
    #expect(nearestOrthogonal(to: none) == none)
  }
}
