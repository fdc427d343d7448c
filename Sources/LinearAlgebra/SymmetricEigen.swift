import COpenBLAS

/// The eigenvalues and eigenvectors of a symmetric matrix, A v = λ v.
public struct SymmetricEigen: Hashable, Sendable {
  /// λ, the greatest first.
  public let values: [Double]
  /// The eigenvector of each, of length 1, its element of greatest magnitude positive (the first of
  /// several): [values, size].
  public let vectors: [[Double]]

  /// Decomposes a matrix in binary64, on the calling thread.
  ///
  /// The same matrix gives the same bits on the same processor. Of equal eigenvalues LAPACK picks
  /// the vectors.
  ///
  /// Gives `nil` if an element is not finite, or the iteration does not converge.
  ///
  /// - Parameters:
  ///   - matrix: A, [size, size]; only one triangle is used.
  ///   - size: may be 0.
  /// - Precondition: there are size² elements.
  /// - Complexity: O(size³).
  public init?(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size)
    guard matrix.allSatisfy(\.isFinite) else { return nil }
    var (elements, values) = (matrix, [Double](repeating: 0, count: size))
    let code = withWorkBuffer {
      LAPACKE_dsyevd(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "U")), Int32(size),
        &elements, Int32(max(size, 1)), &values)
    }
    guard code == 0 || size == 0 else { return nil }
    self.values = values.reversed()
    vectors = (0..<size).reversed().map { column in
      SymmetricEigen.signed(Array(elements[column * size..<(column + 1) * size]))
    }
  }

  private static func signed(_ vector: [Double]) -> [Double] {
    let largest = vector.reduce(0.0) { $1.magnitude > $0.magnitude ? $1 : $0 }
    return largest < 0 ? vector.map { -$0 } : vector
  }
}
