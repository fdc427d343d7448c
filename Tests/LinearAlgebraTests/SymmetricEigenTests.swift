import LinearAlgebra
import TestSupport
import Testing

@Suite struct SymmetricEigenTests {
  @Test("A v = λ v, vectors are orthonormal, and values fall", arguments: [1, 2, 5, 40])
  func definition(size: Int) throws {
    var generator = SeededGenerator(seed: UInt64(size))
    var matrix = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for column in 0...row {
        matrix[row * size + column] = Double.random(in: -1...1, using: &generator)
        matrix[column * size + row] = matrix[row * size + column]
      }
    }
    let eigen = try #require(SymmetricEigen(matrix, size: size))
    #expect(eigen.values == eigen.values.sorted(by: >))
    for (value, vector) in zip(eigen.values, eigen.vectors) {
      for row in 0..<size {
        let product = (0..<size).reduce(0) { $0 + matrix[row * size + $1] * vector[$1] }
        // LAPACK's bound is a modest multiple of size · 2^-53 · ‖A‖, here at most 40 · 1e-16 · 40.
        #expect((product - value * vector[row]).magnitude < 1e-12)
      }
      let length = vector.reduce(0) { $0 + $1 * $1 }
      #expect((length - 1).magnitude < 1e-13)
      #expect((vector.max { $0.magnitude < $1.magnitude } ?? 0) > 0)
    }
  }

  @Test("Nothing has no eigenvalues, and what is not finite no decomposition")
  func edges() {
    #expect(SymmetricEigen([], size: 0)?.values == [])
    #expect(SymmetricEigen([.nan], size: 1) == nil)
  }
}
