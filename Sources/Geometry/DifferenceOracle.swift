import Tensors

extension TensorDifference {
  /// Adds a block, one element at a time: for any two types and any values.
  ///
  /// The plain twin of the C kernels, with the same lanes in the same order, so that on finite
  /// elements both give the same bits.
  ///
  /// - Parameters:
  ///   - a: the base's elements, as many as `b` has.
  ///   - b: the other's elements.
  ///   - offset: the position of the first of them in the tensor.
  mutating func addPlainly(_ a: Elements, _ b: Elements, at offset: Int) {
    var (squared, product, plain) = (SIMD8<Double>(), SIMD8<Double>(), SIMD8<Double>())
    var (squaredA, squaredB) = (SIMD8<Double>(), SIMD8<Double>())
    for index in 0..<a.count {
      let (x, y, lane) = (a.value(at: index), b.value(at: index), index % 8)
      let difference = x - y
      squared[lane] += difference * difference
      product[lane] += x * y
      squaredA[lane] += x * x
      squaredB[lane] += y * y
      plain[lane] += difference
      offer(difference.magnitude, at: offset + index)
      countAgreement(a, b, at: index, x, y)
    }
    count += a.count
    squaredSum += squared.pairwiseSum
    productSum += product.pairwiseSum
    squaredSumA += squaredA.pairwiseSum
    squaredSumB += squaredB.pairwiseSum
    plainSum += plain.pairwiseSum
  }

  private mutating func countAgreement(
    _ a: Elements, _ b: Elements, at index: Int, _ x: Double, _ y: Double
  ) {
    nanA += x.isNaN ? 1 : 0
    nanB += y.isNaN ? 1 : 0
    infiniteA += x.isInfinite ? 1 : 0
    infiniteB += y.isInfinite ? 1 : 0
    equal += x == y ? 1 : 0
    if a.dtype == b.dtype, a.bits(at: index) == b.bits(at: index) { identical += 1 }
    if x == y || Elements.areNeighbours(x, y, a.dtype, b.dtype) { withinOneULP += 1 }
  }
}

/// Elements of a tensor, in memory.
struct Elements {
  let dtype: DType
  let bytes: UnsafeRawBufferPointer

  init(_ dtype: DType, _ bytes: UnsafeRawBufferPointer) {
    (self.dtype, self.bytes) = (dtype, bytes)
  }

  var count: Int { bytes.count / dtype.byteCount }

  func value(at index: Int) -> Double { dtype.value(in: bytes, at: index * dtype.byteCount) }

  func bits(at index: Int) -> UInt64 { dtype.bits(in: bytes, at: index * dtype.byteCount) }

  subscript(range: Range<Int>) -> Elements {
    let width = dtype.byteCount
    return Elements(
      dtype,
      UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound * width..<range.upperBound * width]))
  }

  /// Whether no value of the coarser type lies between two finite values.
  ///
  /// The spacing is that at the smaller magnitude: across a power of two it is the finer one.
  static func areNeighbours(_ x: Double, _ y: Double, _ a: DType, _ b: DType) -> Bool {
    guard x.isFinite, y.isFinite else { return false }
    let nearZero = min(x.magnitude, y.magnitude)
    let spacing = max(a.spacing(around: nearZero), b.spacing(around: nearZero))
    return (x - y).magnitude <= spacing
  }
}

extension SIMD8<Double> {
  /// ((0+1)+(2+3))+((4+5)+(6+7)).
  var pairwiseSum: Double {
    let pairs = evenHalf + oddHalf
    let quads = pairs.evenHalf + pairs.oddHalf
    return quads[0] + quads[1]
  }
}
