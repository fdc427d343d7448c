/// What one pass over two tensors of n elements tells of them, A the base and B the other.
///
/// All sums are exact to a relative 1e-12 of the sum of magnitudes. With NaN or infinite
/// elements they are what IEEE arithmetic makes of them, and the counts tell how many there are.
public struct TensorDifference: Hashable, Codable, Sendable {
  /// Elements compared, n.
  public internal(set) var count = 0
  var squaredSum = CompensatedSum()
  var productSum = CompensatedSum()
  var squaredSumA = CompensatedSum()
  var squaredSumB = CompensatedSum()
  var plainSum = CompensatedSum()

  /// max |A − B|; NaN if a difference is.
  public internal(set) var largest = 0.0
  /// Row-major position of the first element with that difference; `nil` if n is 0.
  public internal(set) var largestIndex: Int?
  /// Elements with the same bits. None if the types differ.
  public internal(set) var identical = 0
  /// Elements with the same value; +0 equals −0, NaN equals nothing.
  public internal(set) var equal = 0
  /// Elements whose values are the same or neighbours in their type. If the types differ: whose
  /// difference is at most the spacing of the coarser type there.
  public internal(set) var withinOneULP = 0
  /// NaN elements of A.
  public internal(set) var nanA = 0
  /// Infinite elements of A.
  public internal(set) var infiniteA = 0
  /// NaN elements of B.
  public internal(set) var nanB = 0
  /// Infinite elements of B.
  public internal(set) var infiniteB = 0

  /// The result over no elements.
  public init() {}
}

extension TensorDifference {
  /// Σ (A − B)².
  public var squared: Double { squaredSum.value }
  /// Σ A·B.
  public var product: Double { productSum.value }
  /// Σ A².
  public var squaredA: Double { squaredSumA.value }
  /// Σ B².
  public var squaredB: Double { squaredSumB.value }

  /// ‖A − B‖₂, which is the Frobenius norm for matrices.
  public var l2: Double { squared.squareRoot() }
  /// ‖A‖₂.
  public var normA: Double { squaredA.squareRoot() }
  /// ‖B‖₂.
  public var normB: Double { squaredB.squareRoot() }

  /// ‖A − B‖₂ / √n: the scaled l2 norm of vectors and the scaled Frobenius norm of matrices,
  /// arXiv 2211.12092, section 5.3. NaN if n is 0.
  public var rootMeanSquare: Double {
    let mean = squared / Double(count)
    // A subnormal quotient has lost digits.
    return mean.isNormal || squared == 0 ? mean.squareRoot() : l2 / Double(count).squareRoot()
  }

  /// ‖A − B‖₂ / ‖A‖₂; infinite if only A is zero, NaN if both are.
  public var relative: Double { l2 / normA }

  /// ‖A − B‖₂ / √(‖A‖₂² + ‖B‖₂²): 0 if equal, about 1 if unrelated; NaN if both are zero.
  public var unlikeness: Double { l2 / (squaredA + squaredB).squareRoot() }

  /// ⟨A, B⟩ / (‖A‖₂ ‖B‖₂); NaN if either is zero.
  public var cosine: Double {
    let ratio = product / (normA * normB)
    return ratio.magnitude > 1 ? (ratio < 0 ? -1 : 1) : ratio
  }

  /// Mean of B − A. NaN if n is 0.
  public var mean: Double { (0 - plainSum.value) / Double(count) }

  /// NaN and infinite elements of both.
  public var nonfinite: Int { nanA + infiniteA + nanB + infiniteB }
}

extension TensorDifference: Mergeable {
  /// Takes in the result over later elements, or over another tensor; ``largestIndex`` means
  /// something only in the first case.
  ///
  /// - Parameter later: what comes after.
  public mutating func merge(_ later: TensorDifference) {
    count += later.count
    squaredSum += later.squaredSum
    productSum += later.productSum
    squaredSumA += later.squaredSumA
    squaredSumB += later.squaredSumB
    plainSum += later.plainSum
    identical += later.identical
    equal += later.equal
    withinOneULP += later.withinOneULP
    nanA += later.nanA
    infiniteA += later.infiniteA
    nanB += later.nanB
    infiniteB += later.infiniteB
    if let index = later.largestIndex { offer(later.largest, at: index) }
  }

  /// Keeps a difference if it is the largest so far; the first NaN beats everything.
  mutating func offer(_ difference: Double, at index: Int) {
    let isFirst = largestIndex == nil
    guard isFirst || difference > largest || (difference.isNaN && !largest.isNaN) else { return }
    (largest, largestIndex) = (difference, index)
  }
}
