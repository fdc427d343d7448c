/// What one set of coefficients leaves of a tensor, or of several.
struct Leftover: Sendable {
  /// Σ r².
  var square = 0.0
  /// Elements with a larger |r| than a chain of roundings explains.
  var outliers = 0
  /// Up to so many times the floor counts as rounding.
  let tolerance: Double

  static func += (sum: inout Leftover, other: Leftover) {
    sum.square += other.square
    sum.outliers += other.outliers
  }
}

/// How far roundings to a type can bring the elements of a mixture.
///
/// With M rounded, each input brought to the type first, and each difference from the origin and
/// each product rounded, an element is off by some
///
///     u(M) + Σ_i m |c_i| u(θ_i) + Σ_{i≠o} 2 |c_i| u(θ_i − θ_o),   u(x) half the spacing around x,
///
/// at most. m is 2, and a half more for each input beyond two, for partial sums. Products whose
/// spacing is relatively coarser than that of what was multiplied may go beyond, but few chains of
/// roundings come near such a bound.
struct RoundingUnit: Sendable {
  /// Half the spacing around 1; infinite where the bound is not applied: to integers, and to
  /// doubles, with which what is left cannot be computed exactly.
  private let half: Double
  private let leastBinade: Double

  /// The unit of a type with so many fraction bits, or of integers.
  init(fractionBits: Int?) {
    let bits = fractionBits.flatMap { $0 < 52 ? $0 : nil }
    half = bits.map { Double(sign: .plus, exponent: -$0 - 1, significand: 1) } ?? .infinity
    leastBinade = fractionBits == 10 ? 0x1p-14 : 0x1p-126
  }

  /// Half the spacing around numbers.
  func halfSpacing(_ values: SIMD8<Double>) -> SIMD8<Double> {
    let exponents = unsafeBitCast(values, to: SIMD8<UInt64>.self) & 0x7FF0_0000_0000_0000
    let binades = unsafeBitCast(exponents, to: SIMD8<Double>.self)
    return half * pointwiseMax(binades, SIMD8(repeating: leastBinade))
  }
}

/// The rows that ``MixtureSystem`` takes: θ_o, θ_j − θ_o, and M − θ_o last.
struct DifferenceRows {
  let start: UnsafeMutablePointer<Double>
  let count: Int
  let origin: Int

  /// Eight elements of a row.
  subscript(row: Int, first: Int) -> SIMD8<Double> {
    UnsafeRawPointer(start + row * GramMatrix.blockLength + first)
      .loadUnaligned(as: SIMD8<Double>.self)
  }

  /// Eight elements of a checkpoint, up to rounding.
  func values(_ row: Int, _ first: Int) -> SIMD8<Double> {
    row == origin ? self[row, first] : self[row, first] + self[origin, first]
  }
}

/// What several sets of coefficients leave.
struct MixtureResiduals: Mergeable {
  private(set) var elementCount = 0
  private var squares: [CompensatedSum]
  private var outliers: [Int]

  init(count: Int) {
    squares = Array(repeating: CompensatedSum(), count: count)
    outliers = Array(repeating: 0, count: count)
  }

  /// What each of the fits that were added leaves.
  func left(_ fits: [MixtureFit]) -> [Leftover] {
    fits.indices.map {
      Leftover(
        square: squares[$0].value, outliers: outliers[$0], tolerance: fits[$0].tolerance)
    }
  }

  mutating func merge(_ later: MixtureResiduals) {
    elementCount += later.elementCount
    for index in squares.indices {
      squares[index] += later.squares[index]
      outliers[index] += later.outliers[index]
    }
  }

  /// Adds what each set leaves of some rows.
  mutating func add(_ rows: DifferenceRows, _ fits: [MixtureFit], _ unit: RoundingUnit) {
    elementCount += rows.count
    for (set, fit) in fits.enumerated() {
      let (square, far) = MixtureTrial(fit, origin: rows.origin, unit).left(rows)
      squares[set] += square
      outliers[set] += far
    }
  }
}

/// One set of coefficients, tried on rows.
private struct MixtureTrial {
  private let fit: MixtureFit
  private let unit: RoundingUnit
  /// Of the rows: for that of the origin what Σ c has beyond 1.
  private let weights: [Double]
  /// Roundings of an input, on the way into the sum, in half spacings.
  private let roundings: Double

  init(_ fit: MixtureFit, origin: Int, _ unit: RoundingUnit) {
    (self.fit, self.unit) = (fit, unit)
    var weights = fit.coefficients
    weights[origin] = weights.reduce(-1, +)
    // Where Σ c is 1 up to rounding, the origin itself takes no part.
    if weights[origin].magnitude < 1e-14 { weights[origin] = 0 }
    self.weights = weights
    roundings = 2 + 0.5 * Double(max(fit.coefficients.count { $0.magnitude > 1e-3 } - 2, 0))
  }

  /// Σ r², and how many elements are farther off than rounding explains.
  func left(_ rows: DifferenceRows) -> (square: Double, outliers: Int) {
    let target = weights.count
    var (lanes, outliers) = (SIMD8<Double>(), 0)
    for first in stride(from: 0, to: rows.count, by: 8) {
      var rest = rows[target, first]
      for (row, weight) in weights.enumerated() where weight != 0 {
        rest -= weight * rows[row, first]
      }
      lanes += rest * rest
      // One rounding explains most elements; what more would is reckoned for the others only.
      let own = unit.halfSpacing(rows.values(target, first))
      if any(rest.magnitudes .> own) {
        let bound = own + inputsBound(rows, first)
        outliers += (0..<8).count { rest[$0].magnitude > bound[$0] }
      }
    }
    return (lanes.pairwiseSum, outliers)
  }

  /// How far roundings of inputs, differences and products, and four standard errors of the
  /// coefficients, may bring elements.
  private func inputsBound(_ rows: DifferenceRows, _ first: Int) -> SIMD8<Double> {
    weights.indices.reduce(SIMD8()) { sum, row in
      let (coefficient, values) = (fit.coefficients[row].magnitude, rows[row, first])
      let rounded = roundings * coefficient * unit.halfSpacing(rows.values(row, first))
      let error = weights[row] == 0 ? 0 : 4 * fit.errors[row]
      let difference = row == rows.origin ? 0 : 2 * coefficient
      return sum + rounded + difference * unit.halfSpacing(values) + error * values.magnitudes
    }
  }
}

extension SIMD8<Double> {
  fileprivate var magnitudes: Self { pointwiseMax(self, -self) }
}
