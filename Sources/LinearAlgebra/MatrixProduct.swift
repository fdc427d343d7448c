import COpenBLAS

/// A factor of a product: a matrix, or part of one, in memory that someone else owns.
public struct MatrixOperand {
  /// The first element.
  public let pointer: UnsafePointer<Float>
  /// Elements from one row in memory to the next, at least the length of a row.
  public let rowStride: Int
  /// Whether the factor is the transpose of what lies in memory.
  public let isTransposed: Bool

  /// Describes a factor.
  ///
  /// - Parameters:
  ///   - pointer: the first element; the memory stays valid while the product is computed.
  ///   - rowStride: elements from one row in memory to the next.
  ///   - isTransposed: whether the factor is the transpose of what lies in memory.
  public init(_ pointer: UnsafePointer<Float>, rowStride: Int, isTransposed: Bool = false) {
    (self.pointer, self.rowStride, self.isTransposed) = (pointer, rowStride, isTransposed)
  }

  fileprivate var operation: CBLAS_TRANSPOSE { isTransposed ? CblasTrans : CblasNoTrans }

  fileprivate func isWideEnough(rows: Int, columns: Int) -> Bool {
    rowStride >= max(isTransposed ? rows : columns, 1)
  }
}

/// The product of two matrices, c = a b or c = c + a b, on the calling thread.
///
///     c[i, j] = Σ_k a[i, k] · b[k, j]     a: [rows, inner], b: [inner, columns]
///
/// Sums run in binary32 in an order that depends on the processor and on the three extents, and
/// on nothing else: callers that share work out in tiles get the same bits for any number of
/// threads as long as the tiles are the same. What is NaN or infinite follows IEEE arithmetic.
/// The error of an element is at most about inner · 2^-24 · Σ_k |a[i, k] b[k, j]|.
///
/// - Parameters:
///   - rows: of a and c; 0 does nothing.
///   - columns: of b and c; 0 does nothing.
///   - inner: columns of a and rows of b; the sum over none is 0.
///   - a: the first factor, [rows, inner] after transposition.
///   - b: the second factor, [inner, columns] after transposition.
///   - c: [rows, columns]; overlaps neither factor.
///   - rowStride: elements from one row of c to the next.
///   - accumulating: whether to add to c; if not, c need not be initialized.
/// - Precondition: extents and strides fit 32 bits, and strides are no shorter than rows.
/// - Complexity: 2 · rows · columns · inner operations. May be called from many threads at once, of
///   which 64 work and the others wait.
public func multiply(
  rows: Int, columns: Int, inner: Int, _ a: MatrixOperand, _ b: MatrixOperand,
  into c: UnsafeMutablePointer<Float>, rowStride: Int, accumulating: Bool
) {
  precondition(a.isWideEnough(rows: rows, columns: inner))
  precondition(b.isWideEnough(rows: inner, columns: columns))
  precondition(rowStride >= max(columns, 1))
  guard rows > 0, columns > 0 else { return }
  withWorkBuffer {
    cblas_sgemm(
      CblasRowMajor, a.operation, b.operation, Int32(rows), Int32(columns), Int32(inner),
      1, a.pointer, Int32(a.rowStride), b.pointer, Int32(b.rowStride),
      accumulating ? 1 : 0, c, Int32(rowStride))
  }
}

extension Matrix {
  /// The product of two matrices; see
  /// ``multiply(rows:columns:inner:_:_:into:rowStride:accumulating:)``.
  ///
  /// - Parameters:
  ///   - left: [rows, inner].
  ///   - right: [inner, columns].
  /// - Returns: [rows, columns].
  /// - Precondition: the left one has as many columns as the right one has rows.
  public static func product(_ left: Matrix, _ right: Matrix) -> Matrix {
    precondition(left.columns == right.rows)
    var result = Matrix(rows: left.rows, columns: right.columns)
    left.withOperand { a in
      right.withOperand { b in
        result.withUnsafeMutableElements { c in
          guard let start = c.baseAddress else { return }
          multiply(
            rows: left.rows, columns: right.columns, inner: left.columns, a, b, into: start,
            rowStride: right.columns, accumulating: true)
        }
      }
    }
    return result
  }

  private func withOperand(_ body: (MatrixOperand) -> Void) {
    elements.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      body(MatrixOperand(start, rowStride: max(columns, 1)))
    }
  }

  /// The product as its definition reads, each sum in binary64 and rounded once: the oracle of
  /// ``product(_:_:)``.
  static func plainProduct(_ left: Matrix, _ right: Matrix) -> Matrix {
    precondition(left.columns == right.rows)
    var result = Matrix(rows: left.rows, columns: right.columns)
    for row in 0..<left.rows {
      for column in 0..<right.columns {
        let terms = (0..<left.columns).map { Double(left[row, $0]) * Double(right[$0, column]) }
        result[row, column] = Float(terms.reduce(0, +))
      }
    }
    return result
  }
}
