/// The cosines between the ways that checkpoints went from a base, each pair's with all the other
/// ways projected out.
///
///     −P[i, j] / √(P[i, i] P[j, j]),  P the inverse of the matrix of cosines
///
/// If every step of a tree went in a direction of its own, only the ways of a parent and its child
/// keep a cosine. With three ways this is (r_ij − r_ik r_jk) / √((1 − r_ik²)(1 − r_jk²)).
///
/// Source: Whittaker 1990, "Graphical Models in Applied Multivariate Statistics", section 5.8.
struct PartialCosines {
  private let count: Int
  private let values: [Double]

  /// [members, members]; NaN for the base and on the diagonal.
  subscript(first: Int, second: Int) -> Double { values[first * count + second] }

  /// All of them, row after row.
  var all: [Double] { values }

  /// Computes them, or returns `nil` if a way is zero or is made up of others.
  ///
  /// - Parameters:
  ///   - distances: between the checkpoints.
  ///   - base: the position of the one they are presumed to come from.
  init?(_ distances: MutualDistances, from base: Int) {
    let count = distances.memberCount
    let ways = (0..<count).filter { $0 != base }
    let cosines = ways.map { first in
      ways.map { second in
        first == second ? 1 : GromovProduct(distances, first, second, from: base).cosine
      }
    }
    guard let inverse = PartialCosines.inverse(of: cosines) else { return nil }
    var values = [Double](repeating: .nan, count: count * count)
    for (i, first) in ways.enumerated() {
      for (j, second) in ways.enumerated() where i != j {
        values[first * count + second] =
          -inverse[i][j] / (inverse[i][i] * inverse[j][j]).squareRoot()
      }
    }
    (self.count, self.values) = (count, values)
  }

  /// A pivot below this is taken for rounding: the sine squared of a way with those before it.
  private static let leastPivot = 1e-9

  /// The inverse of a positive definite matrix by Gauss's and Jordan's elimination, or `nil` if it
  /// is singular or holds NaN.
  private static func inverse(of matrix: [[Double]]) -> [[Double]]? {
    let size = matrix.count
    var rows = matrix.enumerated().map { index, row in
      row + (0..<size).map { $0 == index ? 1.0 : 0 }
    }
    for pivot in 0..<size {
      guard rows[pivot][pivot] > leastPivot else { return nil }
      let scale = rows[pivot][pivot]
      rows[pivot] = rows[pivot].map { $0 / scale }
      for index in 0..<size where index != pivot {
        let factor = rows[index][pivot]
        rows[index] = zip(rows[index], rows[pivot]).map { $0 - factor * $1 }
      }
    }
    return rows.map { Array($0[size...]) }
  }
}
