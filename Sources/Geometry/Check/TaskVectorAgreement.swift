import Checkpoints
import Tensors

/// How two fine-tunes A and B moved away from one base C: δ_A = A − C, δ_B = B − C.
///
/// Where both moved an element in opposite directions, a merge cancels what they learned.
///
/// Source: Yadav et al. 2023, "TIES-Merging", section 3, for the conflict of signs; Ilharco et al.
/// 2023, "Editing Models with Task Arithmetic", section 5, for the cosine.
public struct TaskVectorAgreement: Hashable, Sendable {
  /// Elements that both moved.
  public private(set) var moved = 0
  /// Of those, how many they moved in opposite directions.
  public private(set) var opposed = 0
  private var product = CompensatedSum()
  private var squaredA = CompensatedSum()
  private var squaredB = CompensatedSum()
  /// Σ C², Σ δ_A² and Σ δ_B² over matrices, in which gains near 1 have no part.
  private var matrices = [CompensatedSum](repeating: CompensatedSum(), count: 3)
  /// Elements that all three have.
  public private(set) var compared = 0

  /// The result over no elements.
  public init() {}

  /// The share of elements moved in opposite directions, of those both moved; NaN if there are
  /// none.
  public var conflictShare: Double { Double(opposed) / Double(moved) }

  /// ⟨δ_A, δ_B⟩ / (‖δ_A‖ ‖δ_B‖); NaN if either did not move.
  public var cosine: Double {
    product.value / (squaredA.value.squareRoot() * squaredB.value.squareRoot())
  }

  /// ‖δ‖ / ‖C‖ over all matrices, for A and for B: some tenths at most for fine-tunes, about √2 for
  /// networks that are not related to C.
  public var relativeLengths: (a: Double, b: Double) {
    let lengths = matrices.map { $0.value.squareRoot() }
    return (lengths[1] / lengths[0], lengths[2] / lengths[0])
  }

  /// Whether A, or B, has the values of the base in all elements.
  public var isUnmoved: (a: Bool, b: Bool) { (squaredA.value == 0, squaredB.value == 0) }

  /// Adds elements of the base and of both fine-tunes, as rows of doubles,
  /// [3, ``GramMatrix/blockLength``].
  mutating func add(_ rows: UnsafeMutablePointer<Double>, count: Int, isMatrix: Bool) {
    let (a, b) = (rows + GramMatrix.blockLength, rows + 2 * GramMatrix.blockLength)
    var (sum, left, right, length) = (0.0, 0.0, 0.0, 0.0)
    for index in 0..<count {
      let origin = rows[index]
      let (x, y) = (a[index] - origin, b[index] - origin)
      (sum, left, right) = (sum + x * y, left + x * x, right + y * y)
      length += origin * origin
      moved += x != 0 && y != 0 ? 1 : 0
      opposed += x < 0 && y > 0 || x > 0 && y < 0 ? 1 : 0
    }
    product += sum
    squaredA += left
    squaredB += right
    compared += count
    guard isMatrix else { return }
    for (position, value) in [length, left, right].enumerated() { matrices[position] += value }
  }
}

extension TaskVectorAgreement: Mergeable {
  /// Takes in the result over other elements.
  ///
  /// - Parameter later: the other result.
  public mutating func merge(_ later: TaskVectorAgreement) {
    moved += later.moved
    opposed += later.opposed
    product += later.product
    squaredA += later.squaredA
    squaredB += later.squaredB
    compared += later.compared
    for position in matrices.indices { matrices[position] += later.matrices[position] }
  }

  /// Compares what two fine-tunes moved, over all parameters that the base and both have.
  ///
  /// Elements are widened to binary64; sums run over blocks of fixed length.
  ///
  /// - Parameters:
  ///   - a: the base against one fine-tune.
  ///   - b: the base against the other.
  ///   - resources: how much of the machine to use.
  /// - Returns: the result over all common elements.
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  static func measure(
    _ a: CheckpointPairing, _ b: CheckpointPairing, using resources: WalkResources
  ) throws -> TaskVectorAgreement {
    let others = Dictionary(
      b.pairs.map { ($0.name.canonical, $0) }, uniquingKeysWith: { first, _ in first })
    let tensors = a.pairs.compactMap { pair -> CommonTensor? in
      guard let other = others[pair.name.canonical], other.base.shape == pair.base.shape else {
        return nil
      }
      return CommonTensor(name: pair.name, records: [pair.base, pair.other, other.other])
    }
    let parts = try CommonTensors(memberCount: 3, tensors: tensors, coverage: [])
      .reduce(using: resources, empty: TaskVectorAgreement()) { part, tensor, members, _ in
        let isMatrix = tensors[tensor].shape.rank > 1
        withRows(of: members) { part.add($0, count: $1, isMatrix: isMatrix) }
      }
    return parts.reduce(into: TaskVectorAgreement()) { $0.merge($1) }
  }
}
