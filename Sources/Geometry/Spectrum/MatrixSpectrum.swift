import Glibc

/// The singular values σ_1 ≥ σ_2 ≥ … of a matrix D of m rows and n columns, and what they tell.
///
/// Where only the largest were computed, what needs the others is NaN or `nil`. Of a matrix with
/// elements that are not finite there are no singular values, and every figure is NaN or `nil`.
public struct MatrixSpectrum: Sendable {
  /// How singular values were computed.
  public enum Method: String, CaseIterable, Sendable {
    /// All of them.
    case complete
    /// The largest, by randomized subspace iteration.
    case leading
    /// None: elements are NaN or infinite.
    case notFinite = "not_finite"
  }

  /// m and n, as stored.
  public let extents: (rows: Int, columns: Int)
  /// The singular values, the largest first: min(m, n) of them, or only the leading ones.
  public let values: [Double]
  /// How they were computed.
  public let method: Method
  /// ‖D‖_F, from the elements, with the bits that ``TensorDifference/l2`` has unless squares would
  /// overflow or underflow there; 0 only if all elements are.
  public let frobeniusNorm: Double
  /// The largest singular value that rounding of the elements stored may account for: a quarter
  /// above the largest of a random matrix,
  ///
  ///     1.25 s (√m + √n),   s² = mean of (spacing around A)²/12,
  ///                         of a difference plus that around B
  ///
  /// Source for the edge: Bai & Yin 1993, "Limit of the Smallest Eigenvalue of a Large
  /// Dimensional Sample Covariance Matrix", theorem 2.
  public let roundingFloor: Double
  /// ρ, how far the leading values may fall short: σ̂_i ≤ σ_i ≤ √(σ̂_i² + ρ²). 0 if complete.
  public let remainder: Double

  /// Creates a spectrum.
  ///
  /// - Parameters:
  ///   - extents: m and n.
  ///   - values: the largest first.
  ///   - method: how they were computed.
  ///   - frobeniusNorm: ‖D‖_F.
  ///   - roundingError: s, the root mean square of what rounding does to an element; the root of
  ///     both squares' sum if there are two tensors.
  ///   - remainder: see ``remainder``.
  init(
    extents: (rows: Int, columns: Int), values: [Double], method: Method, frobeniusNorm: Double,
    roundingError: Double, remainder: Double = 0
  ) {
    (self.extents, self.values, self.method) = (extents, values, method)
    (self.frobeniusNorm, self.remainder) = (frobeniusNorm, remainder)
    let edge = Double(extents.rows).squareRoot() + Double(extents.columns).squareRoot()
    roundingFloor = method == .notFinite ? .nan : 1.25 * roundingError * edge
  }
}

extension MatrixSpectrum {
  /// min(m, n), the number of singular values.
  public var fullCount: Int { min(extents.rows, extents.columns) }

  /// ‖D‖₂ = σ_1; 0 of a matrix without elements.
  public var spectralNorm: Double { method == .notFinite ? .nan : values.first ?? 0 }

  /// The most that σ_1 can be, √(σ̂_1² + remainder²); σ_1 itself if complete.
  public var spectralNormBound: Double {
    method == .leading ? hypot(spectralNorm, remainder) : spectralNorm
  }

  /// ‖D‖_F² / σ_1², at most the rank; 0 of a zero matrix.
  ///
  /// Source: Rudelson & Vershynin 2007, "Sampling from Large Matrices: An Approach through
  /// Geometric Functional Analysis", section 1.
  public var stableRank: Double {
    guard spectralNorm != 0 else { return 0 }
    let ratio = frobeniusNorm / spectralNorm
    return ratio * ratio
  }

  /// exp(−Σ p_i ln p_i) with p_i = σ_i / Σ σ: as many equal values would have that entropy. 0 of
  /// a zero matrix, NaN of leading values only.
  ///
  /// Source: Roy & Vetterli 2007, "The Effective Rank: A Measure of Effective Dimensionality".
  public var effectiveRank: Double {
    guard method == .complete else { return .nan }
    guard let largest = values.first, largest > 0 else { return 0 }
    let scaled = values.map { $0 / largest }
    let sum = scaled.reduce(0, +)
    let entropy = scaled.reduce(0) { $1 > 0 ? $0 - $1 / sum * log($1 / sum) : $0 }
    return exp(entropy)
  }

  /// How many singular values exceed ``roundingFloor``; `nil` if it may be more than were
  /// computed. Leading values are taken for the true ones, which they approach far more closely
  /// than ``remainder`` guarantees.
  public var numericalRank: Int? {
    let count = values.prefix { $0 > roundingFloor }.count
    return method == .notFinite || (method == .leading && count == values.count) ? nil : count
  }

  /// Σ_{i ≤ r} σ_i² / ‖D‖_F², the share of the best approximation of rank r.
  ///
  /// - Parameter rank: r, not negative; beyond min(m, n) the share is 1.
  /// - Returns: 0 to 1; NaN of a zero matrix, or if fewer than r values were computed.
  public func energy(rank: Int) -> Double {
    guard method != .notFinite, frobeniusNorm > 0 else { return .nan }
    guard rank < fullCount else { return 1 }
    guard rank <= values.count else { return .nan }
    let shares = values.prefix(rank).reversed().reduce(0) {
      $0 + ($1 / frobeniusNorm) * ($1 / frobeniusNorm)
    }
    return min(shares, 1)
  }

  /// The rank r that a difference has but for rounding, if it is low and unmistakable, as that of
  /// a merged low-rank update (LoRA) is.
  ///
  /// r is the numerical rank. It counts if it is at least 1 and at most a quarter of min(m, n),
  /// and if σ_r is at least twice σ_{r+1}: then what is below the gap is no larger than rounding
  /// explains, and what is above it is well clear of that.
  public var lowRank: Int? {
    guard let rank = numericalRank, rank >= 1, 4 * rank <= fullCount, rank < values.count,
      values[rank - 1] >= 2 * values[rank]
    else { return nil }
    return rank
  }
}
