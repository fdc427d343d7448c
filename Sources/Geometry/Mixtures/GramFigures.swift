import Glibc

extension GramMatrix {
  /// ‖θ_i‖₂.
  ///
  /// - Parameter index: i.
  /// - Returns: the norm.
  public func norm(_ index: Int) -> Double { product(index, index).squareRoot() }

  /// ‖θ_i − θ_j‖₂.
  ///
  /// - Parameters:
  ///   - first: i.
  ///   - second: j.
  /// - Returns: the distance.
  public func distance(_ first: Int, _ second: Int) -> Double {
    squaredDistance(first, second).squareRoot()
  }

  /// ‖θ_i − θ_j‖₂ / √n; NaN if n is 0.
  ///
  /// - Parameters:
  ///   - first: i.
  ///   - second: j.
  /// - Returns: the scaled distance.
  public func rootMeanSquare(_ first: Int, _ second: Int) -> Double {
    (squaredDistance(first, second) / Double(elementCount)).squareRoot()
  }

  /// ⟨θ_i, θ_j⟩ / (‖θ_i‖₂ ‖θ_j‖₂); NaN if either is zero.
  ///
  /// - Parameters:
  ///   - first: i.
  ///   - second: j.
  /// - Returns: −1 to 1.
  public func cosine(_ first: Int, _ second: Int) -> Double {
    clamped(product(first, second) / (norm(first) * norm(second)))
  }

  /// The angle between θ_i and θ_j in degrees, 0 to 180; NaN if either is zero.
  ///
  ///     2 atan2(‖u − v‖, ‖u + v‖),   u and v the directions of both
  ///     ‖u − v‖² = (D[i, j] − (‖θ_i‖ − ‖θ_j‖)²) / (‖θ_i‖ ‖θ_j‖)
  ///
  /// The arc cosine of ``cosine(_:_:)`` would lose half of the digits of small angles; of this the
  /// relative error is about 1e-16 over the angle.
  ///
  /// Source: Kahan 2006, "How Futile are Mindless Assessments of Roundoff in Floating-Point
  /// Computation?", section 12.
  ///
  /// - Parameters:
  ///   - first: i.
  ///   - second: j.
  /// - Returns: degrees.
  public func angle(_ first: Int, _ second: Int) -> Double {
    let (a, b) = (norm(first), norm(second))
    guard a > 0, b > 0 else { return .nan }
    let chord = max((squaredDistance(first, second) - (a - b) * (a - b)) / a / b, 0)
    return 2 * atan2(chord.squareRoot(), max(4 - chord, 0).squareRoot()) * 180 / .pi
  }

  /// The cosine of the task vectors θ_i − θ_o and θ_j − θ_o; NaN if either is zero.
  ///
  ///     (D[i, o] + D[j, o] − D[i, j]) / (2 √(D[i, o] D[j, o]))
  ///
  /// - Parameters:
  ///   - first: i.
  ///   - second: j.
  ///   - base: o.
  /// - Returns: −1 to 1.
  ///
  /// Source: Ilharco et al. 2023, "Editing Models with Task Arithmetic", section 3, for the
  /// vectors.
  public func taskCosine(_ first: Int, _ second: Int, base: Int) -> Double {
    guard first != base, second != base else { return .nan }
    let (a, b) = (squaredDistance(first, base), squaredDistance(second, base))
    return clamped((a + b - squaredDistance(first, second)) / 2 / (a.squareRoot() * b.squareRoot()))
  }

  private func clamped(_ ratio: Double) -> Double {
    ratio.magnitude > 1 ? (ratio < 0 ? -1 : 1) : ratio
  }

  /// ‖Σ_i e_i θ_i‖², without the elements.
  ///
  ///     s Σ_i e_i G[i, i] − ½ Σ_ij e_i e_j D[i, j],   s = Σ_i e_i
  ///
  /// If s is 0 up to rounding, it is taken for 0: then only distances take part, and the error is
  /// 1e-12 of e_i e_j D[i, j], where eᵀ G e would leave 1e-12 of the squared norms.
  ///
  /// - Parameter coefficients: e, [N].
  /// - Returns: the square, not negative; NaN or infinite if a coefficient is, or an element of a
  ///   checkpoint whose coefficient is not 0.
  /// - Precondition: there are N coefficients.
  public func squaredNorm(ofCombination coefficients: [Double]) -> Double {
    precondition(coefficients.count == order)
    let sum = coefficients.reduce(0, +)
    let rounding = coefficients.reduce(0) { $0 + $1.magnitude } * Double.ulpOfOne * 4
    let isAffine = sum.magnitude <= rounding
    var total = CompensatedSum()
    for first in 0..<order where coefficients[first] != 0 {
      if !isAffine { total += sum * coefficients[first] * product(first, first) }
      for second in first + 1..<max(order, first + 1) where coefficients[second] != 0 {
        total += -coefficients[first] * coefficients[second] * squaredDistance(first, second)
      }
    }
    return total.value < 0 ? 0 : total.value
  }

  /// ‖Σ_i c_i θ_i − θ_k‖², without the elements.
  ///
  /// - Parameters:
  ///   - coefficients: c, [N].
  ///   - member: k.
  /// - Returns: the square; see ``squaredNorm(ofCombination:)``.
  public func squaredDistance(ofCombination coefficients: [Double], to member: Int) -> Double {
    var difference = coefficients
    difference[member] -= 1
    return squaredNorm(ofCombination: difference)
  }
}
