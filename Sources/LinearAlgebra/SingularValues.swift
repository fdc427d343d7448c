import COpenBLAS

/// The singular values of a matrix A of m rows and n columns, m ≥ n.
///
///     σ_i = √λ_i(Aᵀ A)
///
/// The Gram matrix Aᵀ A and its eigenvalues are the fast way. An eigenvalue is off by a few
/// 2^-53 of the largest one, so σ_i is off by a few 2^-54 (σ_1 / σ_i)² of itself: within 1e-10 as
/// long as σ_i exceeds ``leastGramRatio`` σ_1. If the smallest does not, all are computed anew from
/// the triangular factor of A, with an error of a few 2^-53 σ_1, which is within 1e-10 of those
/// that exceed some 1e-5 σ_1.
///
/// BLAS runs on the calling thread and panels depend on the shape alone, so the same matrix gives
/// the same bits on the same processor.
///
/// Sources: Golub & Van Loan, "Matrix Computations", 4th ed., sections 5.4 and 8.6; for the
/// factor taken panel by panel, Demmel, Grigori, Hoemmen & Langou 2012, "Communication-optimal
/// Parallel and Sequential QR and LU Factorizations", section 2.
public enum SingularValues {
  /// The least σ_n / σ_1 with which the Gram matrix is accurate enough.
  static let leastGramRatio = 0x1p-8

  /// All singular values.
  ///
  /// - Parameter matrix: finite, and such that squares of its elements neither overflow nor
  ///   underflow.
  /// - Returns: min(m, n) values, the largest first.
  /// - Throws: what reading throws.
  /// - Complexity: m n² + 4/3 n³ operations by the Gram matrix, 2 m n² + 8/3 n³ besides where that
  ///   does not do; ``byteCount(rows:columns:)`` of memory.
  public static func all(of matrix: some TallMatrix) throws -> [Double] {
    guard matrix.columnCount > 0 else { return [] }
    if isNearlySquare(rows: matrix.rowCount, columns: matrix.columnCount) {
      return try ofWhole(matrix)
    }
    let squares = try gramEigenvalues(of: matrix)
    let (least, largest) = (squares[0], squares[squares.count - 1])
    guard least < leastGramRatio * leastGramRatio * largest else {
      return squares.reversed().map { max($0, 0).squareRoot() }
    }
    return try ofTriangularFactor(matrix)
  }

  /// Bytes that ``all(of:)`` takes at most.
  ///
  /// - Parameters:
  ///   - rows: of the matrix, not less than `columns`.
  ///   - columns: of the matrix.
  /// - Returns: bytes.
  public static func byteCount(rows: Int, columns: Int) -> Int {
    let isWhole = isNearlySquare(rows: rows, columns: columns)
    let kept = (isWhole ? rows : columns) * columns
    let panel = isWhole ? 0 : spectralPanelLength(rows: rows, columns: columns) * columns
    // LAPACK's own: blocks of at most 64 columns, and a few vectors.
    return MemoryLayout<Double>.stride * (kept + panel + 2 * 80 * columns)
  }

  /// A random matrix of nearly as many rows as columns has singular values so small that the Gram
  /// matrix would be formed in vain: σ_n / σ_1 is about (1 − √(n/m)) / (1 + √(n/m)).
  private static func isNearlySquare(rows: Int, columns: Int) -> Bool {
    32 * (rows - columns) <= rows
  }

  /// Eigenvalues of Aᵀ A, ascending.
  private static func gramEigenvalues(of matrix: some TallMatrix) throws -> [Double] {
    let size = matrix.columnCount
    let gram = DoubleBuffer(count: size * size)
    try matrix.forEachPanel { panel, rows in
      withWorkBuffer {
        cblas_dsyrk(
          CblasRowMajor, CblasLower, CblasTrans, Int32(size), Int32(rows), 1, panel, Int32(size), 1,
          gram.start, Int32(size))
      }
    }
    return symmetricEigenvalues(gram, size: size)
  }

  /// The matrix in memory, decomposed there.
  private static func ofWhole(_ matrix: some TallMatrix) throws -> [Double] {
    let whole = DoubleBuffer(count: matrix.rowCount * matrix.columnCount)
    try matrix.read(0..<matrix.rowCount, into: whole.start)
    return singularValues(whole, rows: matrix.columnCount, columns: matrix.rowCount)
  }

  private static func ofTriangularFactor(_ matrix: some TallMatrix) throws -> [Double] {
    var factor = TriangularFactor(size: matrix.columnCount, panelLength: matrix.panelLength)
    try matrix.forEachPanel { factor.absorb($0, rows: $1) }
    return factor.singularValues()
  }
}

/// The lower triangular L of the rows of a matrix A taken in so far, Aᵀ = L Q with orthonormal rows
/// of Q, which has the singular values of A.
struct TriangularFactor {
  private let size: Int
  private let lower: DoubleBuffer
  private let reflectors: DoubleBuffer
  private let work: DoubleBuffer
  private static let blockLength = 32

  /// The factor of no rows.
  ///
  /// - Parameters:
  ///   - size: columns of the matrix, at least 1.
  ///   - panelLength: the most rows that will be taken in at once.
  init(size: Int, panelLength: Int) {
    self.size = size
    lower = DoubleBuffer(count: size * size)
    let block = min(TriangularFactor.blockLength, size)
    reflectors = DoubleBuffer(count: block * size)
    work = DoubleBuffer(count: block * size)
  }

  /// Takes in more rows.
  ///
  /// - Parameters:
  ///   - panel: [rows, size], row-major, which by columns is the transpose; destroyed.
  ///   - rows: how many.
  mutating func absorb(_ panel: UnsafeMutablePointer<Double>, rows: Int) {
    var (order, width, trapezoid) = (Int32(size), Int32(rows), Int32(0))
    var block = Int32(min(TriangularFactor.blockLength, size))
    var code = Int32(0)
    withWorkBuffer {
      dtplqt_(
        &order, &width, &trapezoid, &block, lower.start, &order, panel, &order, reflectors.start,
        &block, work.start, &code)
    }
    precondition(code == 0)
  }

  /// The singular values of all rows, the largest first; destroys the factor.
  consuming func singularValues() -> [Double] {
    LinearAlgebra.singularValues(lower, rows: size, columns: size)
  }
}

/// Eigenvalues of a symmetric matrix, ascending.
///
/// - Parameters:
///   - matrix: [size, size], its lower triangle by rows; destroyed.
///   - size: at least 1.
/// - Returns: [size].
private func symmetricEigenvalues(_ matrix: DoubleBuffer, size: Int) -> [Double] {
  var values = [Double](repeating: 0, count: size)
  // The lower triangle by rows is the upper one by columns.
  let code = withWorkBuffer {
    LAPACKE_dsyevd(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "N")), CChar(UInt8(ascii: "U")), Int32(size),
      matrix.start, Int32(size), &values)
  }
  precondition(code == 0, "the eigenvalues did not converge")
  return values
}

/// Singular values of a matrix in memory, the largest first.
///
/// - Parameters:
///   - matrix: [rows, columns] by columns, finite; destroyed.
///   - rows: at least 1.
///   - columns: at least 1.
/// - Returns: [min(rows, columns)].
private func singularValues(_ matrix: DoubleBuffer, rows: Int, columns: Int) -> [Double] {
  var values = [Double](repeating: 0, count: min(rows, columns))
  let code = withWorkBuffer {
    LAPACKE_dgesdd(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "N")), Int32(rows), Int32(columns), matrix.start,
      Int32(rows), &values, nil, 1, nil, 1)
  }
  precondition(code == 0, "the singular values did not converge")
  return values
}
