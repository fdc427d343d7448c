import Glibc

/// Spherical interpolation of two tensors A and B, taken as vectors with the angle Ω between them.
///
///     sin((1 − α) Ω) / sin Ω · A + sin(α Ω) / sin Ω · B
///
/// Between vectors of one length it keeps that length, which a straight line does not. It is a
/// weighted sum whose coefficients depend on the tensors.
///
/// Source: Shoemake 1985, "Animating Rotation with Quaternion Curves", section 3.3.
public struct SphericalWeights: Hashable, Sendable {
  /// Beyond this |cos Ω| the sines are so small that the straight line is taken, as is usual.
  public static let parallel = 0.9995

  /// The coefficients of A and B.
  public let coefficients: [Double]
  /// Whether the straight line was taken: because A and B are parallel, or one of them is zero or
  /// not finite and so has no direction.
  public let isStraight: Bool

  /// Takes the coefficients at α.
  ///
  /// - Parameters:
  ///   - alpha: 0 at A, 1 at B; it may leave 0...1.
  ///   - cosine: ⟨A, B⟩ / (‖A‖₂ ‖B‖₂); NaN if A or B has no direction.
  public init(at alpha: Double, cosine: Double) {
    isStraight = !(cosine.magnitude <= SphericalWeights.parallel)
    guard !isStraight, alpha != 0, alpha != 1 else {
      coefficients = InterpolationPath.line(from: 0, to: 1, of: 2).coefficients(at: alpha)
      return
    }
    let angle = acos(cosine)
    coefficients = [sin((1 - alpha) * angle) / sin(angle), sin(alpha * angle) / sin(angle)]
  }
}
