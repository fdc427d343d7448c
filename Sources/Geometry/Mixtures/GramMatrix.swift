import CKernels

/// The inner products of N checkpoints over n elements, and their squared distances.
///
///     G[i, j] = ⟨θ_i, θ_j⟩,   D[i, j] = ‖θ_i − θ_j‖²
///
/// D could be had from G as G[i, i] + G[j, j] − 2 G[i, j], but that leaves no digits for
/// checkpoints that are near each other, so both are summed from the elements. Norms and cosines
/// come from G; distances, angles and the cosines of task vectors from D, and what lies on the
/// lines through the checkpoints from D and the diagonal of G.
///
/// Both are exact to 1e-12 of the sum of magnitudes while squares neither overflow nor underflow.
/// With NaN or infinite elements they are what IEEE arithmetic makes of them.
public struct GramMatrix: Hashable, Codable, Sendable {
  /// Checkpoints, N.
  public let order: Int
  /// Elements of each checkpoint, n.
  public private(set) var elementCount = 0
  /// NaN and infinite elements of each checkpoint.
  public private(set) var nonfinite: [Int]
  /// Packed: (0, 0), (0, 1), … (1, 1), ….
  private var products: [CompensatedSum]
  private var squares: [CompensatedSum]

  /// The matrix over no elements.
  ///
  /// - Parameter order: the number of checkpoints.
  public init(order: Int) {
    self.order = order
    nonfinite = Array(repeating: 0, count: order)
    products = Array(repeating: CompensatedSum(), count: order * (order + 1) / 2)
    squares = products
  }

  /// Takes a matrix that is known.
  ///
  /// - Parameters:
  ///   - order: N.
  ///   - elementCount: n.
  ///   - nonfinite: NaN and infinite elements, [N].
  ///   - products: G, [N, N].
  ///   - squares: D, [N, N].
  /// - Precondition: the lengths agree; of both matrices only the upper triangles are used.
  public init(
    order: Int, elementCount: Int, nonfinite: [Int], products: [Double], squares: [Double]
  ) {
    precondition(nonfinite.count == order)
    precondition(products.count == order * order && squares.count == order * order)
    self.init(order: order)
    (self.elementCount, self.nonfinite) = (elementCount, nonfinite)
    for first in 0..<order {
      for second in first..<order {
        self.products[position(first, second)] += products[first * order + second]
        self.squares[position(first, second)] += squares[first * order + second]
      }
    }
  }

  /// A matrix of which nothing is known: products and distances are NaN.
  ///
  /// - Parameter order: N.
  /// - Returns: the matrix.
  public static func unknown(order: Int) -> GramMatrix {
    let numbers = Array(repeating: Double.nan, count: order * order)
    return GramMatrix(
      order: order, elementCount: 0, nonfinite: Array(repeating: 0, count: order),
      products: numbers, squares: numbers)
  }

  /// G[i, j].
  ///
  /// - Parameters:
  ///   - first: i.
  ///   - second: j.
  /// - Returns: the inner product.
  public func product(_ first: Int, _ second: Int) -> Double {
    products[position(first, second)].value
  }

  /// D[i, j].
  ///
  /// - Parameters:
  ///   - first: i.
  ///   - second: j.
  /// - Returns: the squared distance, 0 for i = j.
  public func squaredDistance(_ first: Int, _ second: Int) -> Double {
    squares[position(first, second)].value
  }

  private func position(_ first: Int, _ second: Int) -> Int {
    let (row, column) = (min(first, second), max(first, second))
    precondition(row >= 0 && column < order)
    return row * (2 * order - row - 1) / 2 + column
  }
}

extension GramMatrix {
  private enum CodingKeys: CodingKey { case order, elementCount, nonfinite, products, squares }

  /// Reads a matrix back, sums with their compensation.
  ///
  /// - Parameter decoder: of what was encoded.
  /// - Throws: `DecodingError` if the lengths do not agree.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    order = try container.decode(Int.self, forKey: .order)
    elementCount = try container.decode(Int.self, forKey: .elementCount)
    nonfinite = try container.decode([Int].self, forKey: .nonfinite)
    products = try container.decode([CompensatedSum].self, forKey: .products)
    squares = try container.decode([CompensatedSum].self, forKey: .squares)
    guard (1...1 << 20).contains(order), nonfinite.count == order,
      products.count == order * (order + 1) / 2, squares.count == products.count,
      ([elementCount] + nonfinite).allSatisfy({ (0..<1 << 48).contains($0) })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .order, in: container, debugDescription: "figures that do not belong together")
    }
  }
}

extension GramMatrix: Mergeable {
  /// Takes in the matrix over later elements, or over another tensor.
  ///
  /// - Parameter later: of the same checkpoints.
  public mutating func merge(_ later: GramMatrix) {
    precondition(order == later.order)
    elementCount += later.elementCount
    for index in nonfinite.indices { nonfinite[index] += later.nonfinite[index] }
    for index in products.indices {
      products[index] += later.products[index]
      squares[index] += later.squares[index]
    }
  }
}

extension GramMatrix {
  /// Elements whose products are summed before compensation begins. The rows of a block stay in the
  /// first-level cache for a few checkpoints, in the second-level cache for the most.
  static let blockLength = 1024

  /// Adds the same elements of every checkpoint.
  ///
  /// - Parameters:
  ///   - members: N, of one length.
  ///   - loops: the C loops to use; the bits do not depend on them.
  mutating func add(_ members: [Elements], by loops: difference_loops = .best) {
    withRows(of: members, by: loops) { rows, count in add(rows, count: count, by: loops) }
  }

  /// Adds rows of doubles, [N, ``blockLength``].
  ///
  /// - Parameters:
  ///   - rows: each filled up with zeros to a multiple of 8.
  ///   - count: elements of a row, at most ``blockLength``.
  ///   - loops: the C loops to use; the bits do not depend on them.
  mutating func add(
    _ rows: UnsafeMutablePointer<Double>, count: Int, by loops: difference_loops = .best
  ) {
    let size = products.count
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * size) { sums in
      guard size > 0, let start = sums.baseAddress else { return }
      loops.gram(
        rows, order, GramMatrix.blockLength, (count + 7) / 8 * 8, start, start + size)
      for index in 0..<size {
        products[index] += sums[index]
        squares[index] += sums[size + index]
      }
      countNonfinite(rows, count: count, sums: sums)
    }
    elementCount += count
  }

  private mutating func countNonfinite(
    _ rows: UnsafeMutablePointer<Double>, count: Int, sums: UnsafeMutableBufferPointer<Double>
  ) {
    for row in 0..<order where !sums[position(row, row)].isFinite {
      let values = UnsafeBufferPointer(start: rows + row * GramMatrix.blockLength, count: count)
      nonfinite[row] += values.reduce(0) { $0 + ($1.isFinite ? 0 : 1) }
    }
  }
}

/// Calls `body` with blocks of elements as rows of doubles, [members, ``GramMatrix/blockLength``].
///
/// - Parameters:
///   - members: elements of one length.
///   - loops: the C loops to use.
///   - body: takes the rows, filled up with zeros to a multiple of 8, and the elements of each.
func withRows(
  of members: [Elements], by loops: difference_loops = .best,
  _ body: (UnsafeMutablePointer<Double>, _ count: Int) -> Void
) {
  let block = GramMatrix.blockLength
  withUnsafeTemporaryAllocation(of: Double.self, capacity: members.count * block) { buffer in
    guard let rows = buffer.baseAddress, let length = members.first?.count else { return }
    for first in stride(from: 0, to: length, by: block) {
      let range = first..<min(first + block, length)
      for (row, elements) in members.enumerated() {
        loops.widen(elements[range], into: rows + row * block)
        for index in range.count..<(range.count + 7) / 8 * 8 { rows[row * block + index] = 0 }
      }
      body(rows, range.count)
    }
  }
}

extension CommonTensors {
  /// The inner products of all checkpoints, for each tensor.
  ///
  /// - Parameter resources: how much of the machine to use; the bits do not depend on it.
  /// - Returns: a matrix for each of ``tensors``.
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  /// - Complexity: one read of every file, 2.5 N² operations an element; memory for the results,
  ///   16 N² bytes a tensor, and for blocks.
  public func gramMatrices(using resources: WalkResources) throws -> [GramMatrix] {
    try reduce(using: resources, empty: GramMatrix(order: memberCount)) { matrix, _, members, _ in
      matrix.add(members)
    }
  }
}
