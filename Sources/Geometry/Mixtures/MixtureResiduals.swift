import CKernels

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
  fileprivate let half: Double
  fileprivate let leastBinade: Double

  /// The unit of a type with so many fraction bits, or of integers.
  init(fractionBits: Int?) {
    let bits = fractionBits.flatMap { $0 < 52 ? $0 : nil }
    half = bits.map { Double(sign: .plus, exponent: -$0 - 1, significand: 1) } ?? .infinity
    leastBinade = fractionBits == 10 ? 0x1p-14 : 0x1p-126
  }

  /// Half the spacing around a number.
  func halfSpacing(_ value: Double) -> Double {
    max(Double(bitPattern: value.bitPattern & 0x7FF0_0000_0000_0000), leastBinade) * half
  }
}

/// The rows that ``MixtureSystem`` takes: θ_o, θ_j − θ_o, and M − θ_o last, each filled up with
/// zeros to a multiple of 8.
struct DifferenceRows {
  let start: UnsafeMutablePointer<Double>
  let count: Int
  let origin: Int

  /// An element of a row.
  subscript(row: Int, index: Int) -> Double { start[row * GramMatrix.blockLength + index] }

  /// An element of a checkpoint, up to rounding.
  func value(_ row: Int, _ index: Int) -> Double {
    row == origin ? self[row, index] : self[row, index] + self[origin, index]
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
      let rest = MixtureTrial(fit, origin: rows.origin, unit).left(rows)
      squares[set] += rest.square
      outliers[set] += Int(rest.far)
    }
  }
}

/// One set of coefficients, tried on rows.
struct MixtureTrial {
  private let terms: [mixture_term]
  private let unit: RoundingUnit
  private let origin: Int

  init(_ fit: MixtureFit, origin: Int, _ unit: RoundingUnit) {
    (self.unit, self.origin) = (unit, origin)
    let inputs = fit.coefficients.count { $0.magnitude > 1e-3 }
    let roundings = 2 + 0.5 * Double(max(inputs - 2, 0))
    let excess = fit.coefficients.reduce(-1, +)
    terms = fit.coefficients.enumerated().map { row, coefficient in
      // The weight of the origin's row is what Σ c has beyond 1; if that is rounding, none.
      let weight = row != origin ? coefficient : excess.magnitude < 1e-14 ? 0 : excess
      return mixture_term(
        weight: weight, input: roundings * coefficient.magnitude,
        difference: row == origin ? 0 : 2 * coefficient.magnitude,
        error: weight == 0 ? 0 : 4 * fit.errors[row])
    }
  }

  /// Σ r², and how many elements are farther off than rounding explains.
  ///
  /// - Parameters:
  ///   - rows: at most ``GramMatrix/blockLength`` elements of each.
  ///   - loops: the C loops to use; neither bits nor counts depend on them.
  /// - Returns: both.
  func left(_ rows: DifferenceRows, by loops: difference_loops = .best) -> mixture_rest {
    var rest = mixture_rest()
    var unit = mixture_unit(half: unit.half, least_binade: unit.leastBinade, origin: origin)
    loops.mixture(
      rows.start, GramMatrix.blockLength, (rows.count + 7) / 8 * 8, terms, terms.count, &unit, &rest
    )
    return rest
  }

  /// The same, by the plain twin of the C loops.
  func leftPlainly(_ rows: DifferenceRows) -> mixture_rest {
    var (lanes, far) = (SIMD8<Double>(), UInt64(0))
    for index in 0..<rows.count {
      var rest = rows[terms.count, index]
      for (row, term) in terms.enumerated() where term.weight != 0 {
        rest -= term.weight * rows[row, index]
      }
      lanes[index % 8] += rest * rest
      let own = unit.halfSpacing(rows.value(terms.count, index))
      far += rest.magnitude > own + inputsBound(rows, index) ? 1 : 0
    }
    return mixture_rest(square: lanes.pairwiseSum, far: far)
  }

  /// How far roundings of inputs, differences and products, and four standard errors of the
  /// coefficients, may bring an element.
  private func inputsBound(_ rows: DifferenceRows, _ index: Int) -> Double {
    var sum = 0.0
    for (row, term) in terms.enumerated() {
      let difference = rows[row, index]
      sum += term.input * unit.halfSpacing(rows.value(row, index))
      sum += term.difference * unit.halfSpacing(difference)
      sum += term.error * difference.magnitude
    }
    return sum
  }
}
