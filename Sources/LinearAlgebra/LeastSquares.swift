/// The solution of a positive semidefinite system A x = b, of least norm where there are several,
/// and the inverse of A, which is the covariance of x if the variance of what b sums is 1.
///
/// A is scaled to a diagonal of ones first, and decomposed into eigenvectors. A direction whose
/// eigenvalue is below ``leastEigenvalue`` times the size counts as missing: it takes no part in
/// the solution, and variances along it are infinite.
///
/// Source: Golub & Van Loan, "Matrix Computations", 4th ed., sections 5.3 and 5.5.
public struct LeastSquares: Hashable, Sendable {
  /// x, [size]; NaN if A is not finite.
  public let solution: [Double]
  /// The inverse of A, [size, size]; infinite between unknowns that are not determined.
  public let inverse: [Double]

  /// Eigenvalues of the scaled matrix below this, for each unknown, cannot be told from 0.
  ///
  /// Entries that are compensated sums of products are exact to a few 2^-53, and scaling rounds
  /// them twice more; an error of ε in each entry moves an eigenvalue by up to ε times the size.
  /// 1e-13 is some 500 times such an ε: what is kept has at least two digits.
  static let leastEigenvalue = 1e-13
  /// An unknown takes part in a missing direction if the product of its components with another's
  /// is more than this: components of unit vectors that should be 0 are about 1e-16 over the gap
  /// between eigenvalues.
  private static let leastShare = 1e-6

  /// Solves a system.
  ///
  /// - Parameters:
  ///   - matrix: A, [size, size], symmetric and positive semidefinite up to rounding.
  ///   - right: b, [size].
  /// - Precondition: there are size² elements of A.
  /// - Complexity: O(size³).
  public init(_ matrix: [Double], _ right: [Double]) {
    let size = right.count
    precondition(matrix.count == size * size)
    let inverses = (0..<size).map { row in
      let scale = matrix[row * size + row].squareRoot()
      return scale > 0 ? 1 / scale : 0
    }
    let scaled = matrix.indices.map {
      matrix[$0] * inverses[$0 / size] * inverses[$0 % size]
    }
    guard let eigen = SymmetricEigen(scaled, size: size) else {
      solution = right.map { _ in .nan }
      inverse = matrix.map { _ in .infinity }
      return
    }
    var (solution, inverse) = (
      [Double](repeating: 0, count: size), [Double](repeating: 0, count: size * size)
    )
    for (value, vector) in zip(eigen.values, eigen.vectors) {
      let isMissing = value < LeastSquares.leastEigenvalue * Double(size)
      let weight = (0..<size).reduce(0) { $0 + vector[$1] * right[$1] * inverses[$1] } / value
      for row in 0..<size {
        if !isMissing { solution[row] += weight * vector[row] * inverses[row] }
        for column in 0..<size {
          let product = vector[row] * vector[column]
          inverse[row * size + column] +=
            isMissing
            ? (product.magnitude > LeastSquares.leastShare ? .infinity : 0)
            : product / value * inverses[row] * inverses[column]
        }
      }
    }
    (self.solution, self.inverse) = (solution, inverse)
  }

  /// The variance of Σ s_i x_i, in units of that of what b sums.
  ///
  /// - Parameter signs: s, [size].
  /// - Returns: sᵀ A⁻¹ s; infinite if an unknown is not determined.
  /// - Precondition: there are as many signs as unknowns.
  public func variance(ofSum signs: [Double]) -> Double {
    precondition(signs.count == solution.count)
    var sum = 0.0
    for (place, part) in inverse.enumerated() {
      guard part.isFinite else { return .infinity }
      sum += signs[place / signs.count] * signs[place % signs.count] * part
    }
    return max(sum, 0)
  }
}
