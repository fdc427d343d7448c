import LinearAlgebra

/// Coefficients of inputs that come nearest to a checkpoint.
public struct MixtureFit: Hashable, Sendable {
  /// c, one for each input.
  public let coefficients: [Double]
  /// What rounding of the checkpoint lets each c be off, one standard deviation; infinite for those
  /// that the inputs do not determine.
  public let errors: [Double]

  /// Up to so many times the floor counts as rounding; see ``MixtureFinding/tolerance``.
  public var tolerance: Double {
    let square = coefficients.reduce(0) { $0 + $1 * $1 }
    return max(MixtureFinding.tolerance, 1.5 * (1 + 2 * square).squareRoot())
  }

  /// Whether the inputs leave one solution only: no two alike, and none a mixture of others.
  public var isUnique: Bool { errors.allSatisfy(\.isFinite) }
}

/// The least squares problem of one tensor, or of several together.
///
/// With an origin θ_o among the inputs, all else is taken from there, and summed so from the
/// elements: subtracting entries of a Gram matrix would leave no digits for inputs that are near
/// each other.
///
///     affine:  M − θ_o ≈ Σ_{j≠o} c_j (θ_j − θ_o),                 c_o = 1 − Σ_{j≠o} c_j
///     free:    M − θ_o ≈ t θ_o + Σ_{j≠o} c_j (θ_j − θ_o),         c_o = 1 + t − Σ_{j≠o} c_j
struct MixtureSystem: Mergeable {
  private let origin: Int
  /// Of the rows θ_o (at o), θ_j − θ_o, and M − θ_o (last).
  private(set) var gram: GramMatrix
  /// The expected square of M's rounding, summed over its elements.
  var floorSquare = 0.0
  /// NaN and infinite elements of M and the inputs.
  var nonfinite = 0

  init(inputs: Int, origin: Int) {
    self.origin = origin
    gram = GramMatrix(order: inputs + 1)
  }

  /// Adds rows as they are described above.
  mutating func add(_ rows: UnsafeMutablePointer<Double>, count: Int) {
    gram.add(rows, count: count)
  }

  mutating func merge(_ later: MixtureSystem) {
    gram.merge(later.gram)
    floorSquare += later.floorSquare
    nonfinite += later.nonfinite
  }

  private var inputCount: Int { gram.order - 1 }
  private var others: [Int] { (0..<inputCount).filter { $0 != origin } }

  /// The solution with Σ c = 1.
  var affine: MixtureFit { fit(others) }

  /// The solution without a constraint.
  var free: MixtureFit { fit(Array(0..<inputCount)) }

  private func fit(_ rows: [Int]) -> MixtureFit {
    let matrix = rows.flatMap { row in rows.map { gram.product(row, $0) } }
    let right = rows.map { gram.product($0, inputCount) }
    let found = LeastSquares(matrix, right)
    var coefficients = [Double](repeating: 0, count: inputCount)
    var errors = coefficients
    let variance = floorSquare / Double(max(gram.elementCount, 1))
    for (place, row) in rows.enumerated() {
      coefficients[row] = found.solution[place]
      errors[row] = (variance * found.inverse[place * rows.count + place]).squareRoot()
    }
    // The row of the origin holds t, which is what Σ c has beyond 1.
    let excess = coefficients[origin]
    let sum = others.reduce(0) { $0 + coefficients[$1] }
    coefficients[origin] = 1 + excess - sum
    let ofOrigin = found.variance(ofSum: rows.map { $0 == origin ? 1 : -1 })
    errors[origin] = (variance * ofOrigin).squareRoot()
    return MixtureFit(coefficients: coefficients, errors: errors)
  }

  /// Σ (M − θ_o)².
  var distanceSquare: Double { gram.product(inputCount, inputCount) }

  /// Whether what ``affine`` leaves may be rounding, as far as the sums tell: it is the difference
  /// of two of them, off by about 1e-13 of ``distanceSquare``.
  func mayBeMixture(_ fit: MixtureFit) -> Bool {
    let explained = others.reduce(0) {
      $0 + fit.coefficients[$1] * gram.product($1, inputCount)
    }
    return distanceSquare - explained
      <= fit.tolerance * fit.tolerance * floorSquare + 1e-12 * distanceSquare
  }

  /// By how much Σ r² grows if other coefficients of sum 1 are used than those of ``affine``.
  func excess(of coefficients: [Double], over best: [Double]) -> Double {
    others.reduce(0) { sum, row in
      others.reduce(sum) { sum, column in
        sum + (coefficients[row] - best[row]) * (coefficients[column] - best[column])
          * gram.product(row, column)
      }
    }
  }
}
