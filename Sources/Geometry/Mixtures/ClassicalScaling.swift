import LinearAlgebra

/// Coordinates of checkpoints whose distances are those of the checkpoints: classical scaling.
///
///     −½ J D J = V Λ Vᵀ,   X = V √Λ,   J = I − 1 1ᵀ / N
///
/// The first axes keep the most of the squared distances. Their signs are arbitrary, and here such
/// that the greatest coordinate of each axis in magnitude is positive.
///
/// Source: Torgerson 1952, "Multidimensional Scaling: I. Theory and Method", Psychometrika 17.
public struct ClassicalScaling: Hashable, Sendable {
  /// Λ without what is 0 up to rounding, the greatest first: the sum of the squares of each axis.
  public let values: [Double]
  /// X: for each axis the coordinate of each checkpoint, [axes, N].
  public let coordinates: [[Double]]

  /// Places checkpoints.
  ///
  /// Gives `nil` if a distance is not finite.
  ///
  /// - Parameter gram: their distances.
  public init?(_ gram: GramMatrix) {
    let size = gram.order
    guard let eigen = SymmetricEigen(ClassicalScaling.centred(gram), size: size) else { return nil }
    let rounding = (eigen.values.first ?? 0) * Double(size) * 1e-14
    let kept = eigen.values.indices.filter { eigen.values[$0] > max(rounding, 0) }
    values = kept.map { eigen.values[$0] }
    coordinates = kept.map { axis in
      eigen.vectors[axis].map { $0 * eigen.values[axis].squareRoot() }
    }
  }

  /// −½ J D J.
  private static func centred(_ gram: GramMatrix) -> [Double] {
    let size = gram.order
    let means = (0..<size).map { row in
      (0..<size).reduce(0) { $0 + gram.squaredDistance(row, $1) } / Double(size)
    }
    let mean = means.reduce(0, +) / Double(max(size, 1))
    return (0..<size * size).map { index in
      let (row, column) = (index / size, index % size)
      return (means[row] + means[column] - mean - gram.squaredDistance(row, column)) / 2
    }
  }

  /// The share of all squared distances that an axis keeps.
  ///
  /// - Parameter axis: less than the number of ``values``.
  /// - Returns: 0 to 1.
  public func share(_ axis: Int) -> Double { values[axis] / values.reduce(0, +) }
}
