import COpenBLAS

/// The largest singular values of a matrix A of m rows and n columns, m ≥ n, by randomized
/// subspace iteration, in little memory and a fixed number of passes over the matrix.
///
/// From l = k + 10 random directions Ω, Q is an orthonormal basis of (Aᵀ A)^q Ω, and what is
/// returned are the singular values σ̂ of A Q. None exceeds the true one, and by how much each may
/// fall short is known when all is done, since singular values of A − A Q Qᵀ add in squares:
///
///     σ̂_i ≤ σ_i ≤ √(σ̂_i² + ρ²),   ρ² = ‖A‖_F² − ‖A Q‖_F²
///
/// ρ is large where the rest of the spectrum is; the expected error is far less than that bound:
///
///     E ‖A − A Q Qᵀ‖₂ ≤ (1 + √(k/9) + e √(k + 10)/10 · √(n − k))^(1/(2q+1)) σ_{k+1}
///
/// Source: Halko, Martinsson & Tropp 2011, "Finding Structure with Randomness: Probabilistic
/// Algorithms for Constructing Approximate Matrix Decompositions", SIAM Review 53: algorithm 4.4
/// and corollary 10.10, with oversampling p = 10.
public struct RandomizedSVD: Sendable {
  /// The largest k singular values of A Q, the largest first.
  public let values: [Double]
  /// ‖A Q‖_F².
  public let capturedSquare: Double

  /// Directions besides those asked for, p.
  static let oversampling = 10
  /// Multiplications by Aᵀ A, q.
  public static let iterations = 8

  /// Finds the largest singular values.
  ///
  /// - Parameters:
  ///   - matrix: finite, as for ``SingularValues/all(of:)``.
  ///   - count: k, at least 1; of a smaller matrix, all.
  ///   - random: draws Ω.
  /// - Throws: what reading throws.
  /// - Complexity: q + 1 reads of A and 4 (q + 1) m n l operations;
  ///   ``byteCount(rows:columns:count:)`` of memory.
  public init(_ matrix: some TallMatrix, count: Int, random: RandomStream) throws {
    precondition(count > 0)
    let directions = min(count + RandomizedSVD.oversampling, matrix.columnCount)
    guard directions > 0 else {
      (values, capturedSquare) = ([], 0)
      return
    }
    var sketch = Sketch(matrix, directions: directions, random: random)
    for _ in 0..<RandomizedSVD.iterations { try sketch.iterate() }
    let all = try sketch.singularValues()
    values = Array(all.prefix(count))
    capturedSquare = all.reversed().reduce(0) { $0 + $1 * $1 }
  }

  /// Bytes that finding `count` values takes at most.
  ///
  /// - Parameters:
  ///   - rows: of the matrix, not less than `columns`.
  ///   - columns: of the matrix.
  ///   - count: k.
  /// - Returns: bytes.
  public static func byteCount(rows: Int, columns: Int, count: Int) -> Int {
    let directions = min(count + oversampling, columns)
    let panel = spectralPanelLength(rows: rows, columns: columns)
    let bases = 2 * columns * directions + panel * (columns + directions)
    return MemoryLayout<Double>.stride * (bases + (directions + 2 * 80) * directions)
  }
}

/// Directions in the space of a matrix's rows, turned towards its largest singular vectors.
private struct Sketch<Source: TallMatrix> {
  private let matrix: Source
  private let directions: Int
  /// Qᵀ by columns: [columns, directions] row-major.
  private var basis: DoubleBuffer
  private var product: DoubleBuffer
  private let image: DoubleBuffer

  init(_ matrix: Source, directions: Int, random: RandomStream) {
    (self.matrix, self.directions) = (matrix, directions)
    basis = DoubleBuffer(count: matrix.columnCount * directions)
    product = DoubleBuffer(count: matrix.columnCount * directions)
    image = DoubleBuffer(count: matrix.panelLength * directions)
    var random = random
    for index in 0..<basis.count { basis.start[index] = random.normal() }
  }

  /// Q ← Aᵀ A Q, with Q made orthonormal first.
  mutating func iterate() throws {
    orthonormalize()
    product.clear()
    let (columns, width) = (Int32(matrix.columnCount), Int32(directions))
    try matrix.forEachPanel { panel, rows in
      project(panel, rows: rows)
      withWorkBuffer {
        cblas_dgemm(
          CblasRowMajor, CblasTrans, CblasNoTrans, columns, width, Int32(rows), 1, panel, columns,
          image.start, width, 1, product.start, width)
      }
    }
    (basis, product) = (product, basis)
  }

  /// Of A Q, the largest first, with Q made orthonormal.
  mutating func singularValues() throws -> [Double] {
    orthonormalize()
    var factor = TriangularFactor(size: directions, panelLength: matrix.panelLength)
    try matrix.forEachPanel { panel, rows in
      project(panel, rows: rows)
      factor.absorb(image.start, rows: rows)
    }
    return factor.singularValues()
  }

  /// The image of some rows, [rows, directions].
  private func project(_ panel: UnsafeMutablePointer<Double>, rows: Int) {
    let (columns, width) = (Int32(matrix.columnCount), Int32(directions))
    withWorkBuffer {
      cblas_dgemm(
        CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), width, columns, 1, panel, columns,
        basis.start, width, 0, image.start, width)
    }
  }

  private mutating func orthonormalize() {
    let (height, width) = (Int32(directions), Int32(matrix.columnCount))
    var scales = [Double](repeating: 0, count: directions)
    let codes = withWorkBuffer {
      (
        LAPACKE_dgelqf(LAPACK_COL_MAJOR, height, width, basis.start, height, &scales),
        LAPACKE_dorglq(LAPACK_COL_MAJOR, height, width, height, basis.start, height, scales)
      )
    }
    precondition(codes == (0, 0))
  }
}
