import Checkpoints
import Tensors

/// The distances between all of several checkpoints, over the matrices that all of them have.
///
/// Matrices are parameters of two and more axes that every checkpoint has with one shape, each
/// tied one once; gains and biases take no part, since they start equal and say little of descent.
public struct MutualDistances: Sendable {
  /// Checkpoints compared.
  public let memberCount: Int
  /// The canonical names of the matrices, in the order of the first checkpoint.
  public let matrices: [TensorName]
  /// Elements of the matrices of one checkpoint.
  public let elementCount: Int
  /// For each checkpoint the average over the matrices of their excess kurtosis; matrices whose
  /// elements are all equal are left out. NaN if none is left.
  public let kurtoses: [Double]
  /// d²[i, j], [members, members].
  private let squares: [Double]

  /// ‖a − b‖², summed over the matrices.
  ///
  /// - Parameters:
  ///   - first: the position of a.
  ///   - second: the position of b.
  public subscript(first: Int, second: Int) -> Double { squares[first * memberCount + second] }

  /// Measures checkpoints.
  ///
  /// - Parameters:
  ///   - members: at least two.
  ///   - resources: how much of the machine to use.
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  /// - Complexity: one read of every file; memory independent of their size.
  init(_ members: [ParameterList], resources: WalkResources) throws {
    var options = CheckpointPairing.Options()
    options.matchesTransposed = true
    let common = CommonTensors(members, options: options).filter { $0.shape.rank > 1 }
    let empty = MutualPart(members: members.count)
    let found = try common.reduce(using: resources, empty: empty) { part, _, elements, _ in
      part.add(elements)
    }
    let total = found.reduce(into: empty) { $0.merge($1) }
    self.init(
      matrices: common.tensors.map(\.name.canonical), elementCount: total.gram.elementCount,
      pairSquares: memberPairs(members.count).map { total.gram.squaredDistance($0, $1) },
      kurtoses: MutualDistances.averages(
        found.map { $0.statistics.map(\.excessKurtosis) }, count: members.count))
  }

  /// Takes distances that are known.
  ///
  /// - Parameters:
  ///   - matrices: what they are over.
  ///   - elementCount: elements of the matrices of one checkpoint.
  ///   - pairSquares: d² of (0, 1), (0, 2), … (1, 2), …; one for each pair.
  ///   - kurtoses: one for each checkpoint.
  init(
    matrices: [TensorName], elementCount: Int, pairSquares: [Double], kurtoses: [Double]
  ) {
    let count = kurtoses.count
    var squares = [Double](repeating: 0, count: count * count)
    for (pair, square) in zip(memberPairs(count), pairSquares) {
      squares[pair.0 * count + pair.1] = square
      squares[pair.1 * count + pair.0] = square
    }
    (memberCount, self.squares, self.kurtoses) = (count, squares, kurtoses)
    (self.matrices, self.elementCount) = (matrices, elementCount)
  }

  private static func averages(_ kurtoses: [[Double]], count: Int) -> [Double] {
    let telling = kurtoses.filter { $0.allSatisfy(\.isFinite) }
    return (0..<count).map { member in
      telling.reduce(0) { $0 + $1[member] } / Double(telling.count)
    }
  }
}

/// The pairs of the first `count` numbers, (0, 1), (0, 2), … (1, 2), ….
func memberPairs(_ count: Int) -> [(Int, Int)] {
  (0..<count).flatMap { first in (first + 1..<max(count, first + 1)).map { (first, $0) } }
}

/// What part of a matrix tells of each pair of checkpoints, and of each checkpoint.
private struct MutualPart: Mergeable {
  private(set) var gram: GramMatrix
  private(set) var statistics: [TensorStatistics]

  init(members: Int) {
    gram = GramMatrix(order: members)
    statistics = (0..<members).map { _ in TensorStatistics() }
  }

  /// Adds the same elements of every checkpoint.
  mutating func add(_ members: [Elements]) {
    gram.add(members)
    let block = TensorDifference.blockLength
    for (member, elements) in members.enumerated() {
      for first in stride(from: 0, to: elements.count, by: block) {
        statistics[member].add(elements[first..<min(first + block, elements.count)])
      }
    }
  }

  mutating func merge(_ later: MutualPart) {
    gram.merge(later.gram)
    statistics.merge(later.statistics)
  }
}
