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

  /// The share of elements moved in opposite directions, of those both moved; NaN if there are none.
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

  /// Adds elements of the base and of both fine-tunes, all of one length.
  mutating func add(
    base: UnsafeMutableBufferPointer<Float>, _ a: UnsafeMutableBufferPointer<Float>,
    _ b: UnsafeMutableBufferPointer<Float>, isMatrix: Bool
  ) {
    var (sum, left, right, length) = (0.0, 0.0, 0.0, 0.0)
    for index in base.indices {
      let origin = Double(base[index])
      let (x, y) = (Double(a[index]) - origin, Double(b[index]) - origin)
      (sum, left, right) = (sum + x * y, left + x * x, right + y * y)
      length += origin * origin
      moved += x != 0 && y != 0 ? 1 : 0
      opposed += x * y < 0 ? 1 : 0
    }
    product += sum
    squaredA += left
    squaredB += right
    compared += base.count
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
  /// Elements are taken as binary32; sums run in binary64 over blocks of fixed length.
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
    let triples = a.pairs.compactMap { pair -> [ElementReader]? in
      guard let other = others[pair.name.canonical], other.base.shape == pair.base.shape else {
        return nil
      }
      return [pair.base, pair.other, other.other].map { ElementReader($0) }
    }
    let block = TensorDifference.blockLength
    let parts = try ChunkedReduction(
      elementCounts: triples.map { $0[0].record.shape.elementCount }
    ).run(
      threads: resources.threads, empty: triples.map { _ in TaskVectorAgreement() },
      scratchByteCount: 3 * block * MemoryLayout<Float>.stride
    ) { item, elements, scratch in
      let floats = scratch.bindMemory(to: Float.self)
      var part = TaskVectorAgreement()
      for first in stride(from: elements.lowerBound, to: elements.upperBound, by: block) {
        let range = first..<min(first + block, elements.upperBound)
        let buffers = (0..<3).map {
          UnsafeMutableBufferPointer(rebasing: floats[$0 * block..<$0 * block + range.count])
        }
        for (reader, buffer) in zip(triples[item], buffers) {
          try reader.readFloats(range, into: buffer)
        }
        part.add(
          base: buffers[0], buffers[1], buffers[2],
          isMatrix: triples[item][0].record.shape.rank > 1)
      }
      return part
    }
    return parts.reduce(into: TaskVectorAgreement()) { $0.merge($1) }
  }
}
