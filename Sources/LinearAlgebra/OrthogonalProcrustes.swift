import COpenBLAS

/// The orthogonal matrix nearest to a square one, which is the rotation that best takes one set
/// of points to another.
///
///     M = Aᵀ B = U Σ Vᵀ,   R = U Vᵀ = argmin ‖A R − B‖_F over R Rᵀ = I
///
/// R is also the orthogonal matrix nearest to M in the Frobenius norm. It may contain a
/// reflection: its determinant is 1 or −1. The decomposition runs in binary64, and R is rounded
/// once; the same M gives the same bits on the same processor.
///
/// If M is singular, R is one of several that do equally well: any orthogonal map may join the
/// null spaces of M and Mᵀ, and LAPACK's order of singular vectors picks it. R is orthogonal all
/// the same, also for M = 0.
///
/// - Parameter matrix: M, [d, d], all finite. For points as rows, M = Aᵀ B.
/// - Returns: R, [d, d].
/// - Precondition: M is square and finite.
/// - Complexity: O(d³), memory for 5 d² binary64 numbers and more.
///
/// Source: Schönemann 1966, "A Generalized Solution of the Orthogonal Procrustes Problem",
/// Psychometrika 31.
public func nearestOrthogonal(to matrix: Matrix) -> Matrix {
  precondition(matrix.rows == matrix.columns)
  precondition(matrix.elements.allSatisfy(\.isFinite))
  let size = matrix.rows
  guard size > 0 else { return matrix }
  let values = matrix.elements.map { Double($0) }
  let product = withWorkBuffer { orthogonalFactor(values, size: size) }
  return Matrix(rows: size, columns: size, elements: product.map { Float($0) })
}

private func orthogonalFactor(_ elements: [Double], size: Int) -> [Double] {
  let (left, right) = singularVectors(elements, size: size)
  var product = [Double](repeating: 0, count: size * size)
  let order = Int32(size)
  cblas_dgemm(
    CblasColMajor, CblasNoTrans, CblasNoTrans, order, order, order, 1, left, order, right, order,
    0, &product, order)
  return product
}

/// U and Vᵀ of a square matrix, column-major.
///
/// Read by columns, row-major elements are Mᵀ = V Σ Uᵀ, so the product of what comes out is
/// V Uᵀ by columns, which is U Vᵀ by rows: nothing needs transposing.
private func singularVectors(_ elements: [Double], size: Int) -> ([Double], [Double]) {
  let order = Int32(size)
  var values = [Double](repeating: 0, count: size)
  var left = [Double](repeating: 0, count: size * size)
  var right = left
  var input = elements
  let code = LAPACKE_dgesdd(
    LAPACK_COL_MAJOR, letterA, order, order, &input, order, &values, &left, order, &right, order)
  guard code != 0 else { return (left, right) }
  // Divide and conquer fails to converge for a few inputs with which QR iteration has no trouble.
  var rest = values
  input = elements
  let second = LAPACKE_dgesvd(
    LAPACK_COL_MAJOR, letterA, letterA, order, order, &input, order, &values, &left, order, &right,
    order, &rest)
  precondition(second == 0, "the singular value decomposition did not converge")
  return (left, right)
}

/// LAPACK's letter for all singular vectors.
private let letterA = CChar(UInt8(ascii: "A"))
