import Tensors

/// How the tensors of several checkpoints are weighed against each other.
public enum Weighting: Hashable, Sendable {
  /// Σ cᵢ θᵢ with these coefficients, one for each checkpoint.
  case linear([Double])
  /// Spherical interpolation of two checkpoints at α; see ``SphericalWeights``.
  case spherical(Double)

  /// Whether coefficients follow from an angle.
  var isSpherical: Bool { if case .spherical = self { true } else { false } }

  /// The coefficients of a tensor.
  ///
  /// - Parameter cosine: of the angle between both checkpoints' tensors, for spherical weights; NaN
  ///   where there is none.
  /// - Returns: one for each checkpoint.
  func coefficients(cosine: Double) -> [Double] {
    switch self {
    case .linear(let coefficients): coefficients
    case .spherical(let alpha): SphericalWeights(at: alpha, cosine: cosine).coefficients
    }
  }
}

/// How the weights of tensors follow from the coefficients of a point, for mixtures of the same
/// checkpoints at many points.
public struct PointWeighting {
  /// Whether two checkpoints are interpolated spherically; α is the second one's coefficient.
  let isSpherical: Bool
  /// Coefficients that tensors of a canonical name have at all points; `nil` for the point's.
  let fixed: (TensorName) -> [Double]?

  /// The point's coefficients for all tensors.
  public static var alike: PointWeighting { PointWeighting(isSpherical: false) { _ in nil } }

  /// Describes weights.
  ///
  /// - Parameters:
  ///   - isSpherical: whether two checkpoints are interpolated spherically at α, which is the
  ///     second one's coefficient.
  ///   - fixed: coefficients that tensors of a canonical name have at all points, one for each
  ///     checkpoint; `nil` for the point's.
  public init(isSpherical: Bool, fixed: @escaping (TensorName) -> [Double]?) {
    (self.isSpherical, self.fixed) = (isSpherical, fixed)
  }
}
