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
    let items = MutualItem.shared(by: members)
    let found = try MutualItem.walk(items, members: members.count, resources: resources)
    let total = found.reduce(into: MutualPart(members: members.count)) { $0.merge($1) }
    self.init(
      matrices: items.map(\.name), elementCount: items.reduce(0) { $0 + $1.elementCount },
      pairSquares: total.differences.map(\.squared),
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

/// A matrix in each of several checkpoints.
private struct MutualItem: Sendable {
  let name: TensorName
  let readers: [ElementReader]

  var elementCount: Int { readers[0].record.shape.elementCount }

  /// The matrices that all checkpoints have with one shape, laid out as in the first.
  static func shared(by members: [ParameterList]) -> [MutualItem] {
    guard let first = members.first else { return [] }
    var options = CheckpointPairing.Options()
    options.matchesTransposed = true
    let partners = members.dropFirst().map { member in
      let pairing = CheckpointPairing(base: first, other: member, options: options)
      return Dictionary(
        pairing.pairs.filter { $0.isWhole(in: first, member) }
          .map { ($0.name.canonical, $0.other) }, uniquingKeysWith: { kept, _ in kept })
    }
    return first.parameters.compactMap { parameter in
      let name = parameter.name.canonical
      let others = partners.compactMap { $0[name] }
      guard parameter.record.shape.rank > 1, others.count == partners.count else { return nil }
      return MutualItem(name: name, readers: ([parameter.record] + others).map(ElementReader.init))
    }
  }

  /// Reads all matrices once.
  static func walk(
    _ items: [MutualItem], members: Int, resources: WalkResources
  ) throws -> [MutualPart] {
    let block = TensorDifference.blockLength
    let longest = max(longestPieces / members / block, 1) * block
    let perBlock = items.map { $0.scratchByteCount(elements: block) }.max() ?? 0
    let piece = resources.pieceLength(scratchPerBlock: perBlock, atMost: longest)
    return try ChunkedReduction(elementCounts: items.map(\.elementCount)).run(
      threads: resources.threads, empty: items.map { _ in MutualPart(members: members) },
      scratchByteCount: items.map { $0.scratchByteCount(elements: piece) }.max() ?? 0
    ) { item, elements, scratch in
      try items[item].measure(elements, pieceLength: piece, scratch: scratch)
    }
  }

  /// Elements read at once of all checkpoints together: they fit the second-level cache.
  private static let longestPieces = 1 << 17

  private func scratchByteCount(elements: Int) -> Int {
    readers.reduce(0) { $0 + $1.scratchByteCount(elements: elements) }
  }

  private func measure(
    _ elements: Range<Int>, pieceLength: Int, scratch: UnsafeMutableRawBufferPointer
  ) throws -> MutualPart {
    var part = MutualPart(members: readers.count)
    for first in stride(from: elements.lowerBound, to: elements.upperBound, by: pieceLength) {
      let piece = first..<min(first + pieceLength, elements.upperBound)
      var free = scratch[...]
      let all = try readers.map { reader in
        let own = free.prefix(reader.scratchByteCount(elements: pieceLength))
        free = free.dropFirst(own.count)
        return try Elements(
          reader.record.dtype,
          reader.bytes(of: piece, scratch: UnsafeMutableRawBufferPointer(rebasing: own)))
      }
      part.add(all, at: first)
    }
    return part
  }
}

extension TensorPair {
  /// Whether both checkpoints have a parameter of this name, and no rows were left out.
  fileprivate func isWhole(in first: ParameterList, _ second: ParameterList) -> Bool {
    guard let mine = first[name.canonical], let theirs = second[name.canonical] else {
      return false
    }
    return base.shape == mine.record.shape
      && other.shape.elementCount == theirs.record.shape.elementCount
  }
}

/// What part of a matrix tells of each pair of checkpoints, and of each checkpoint.
private struct MutualPart: Mergeable {
  private(set) var differences: [TensorDifference]
  private(set) var statistics: [TensorStatistics]

  init(members: Int) {
    differences = memberPairs(members).map { _ in TensorDifference() }
    statistics = (0..<members).map { _ in TensorStatistics() }
  }

  /// Adds the same elements of every checkpoint.
  mutating func add(_ members: [Elements], at offset: Int) {
    for (place, pair) in memberPairs(members.count).enumerated() {
      differences[place].add(members[pair.0], members[pair.1], at: offset)
    }
    let block = TensorDifference.blockLength
    for (member, elements) in members.enumerated() {
      for first in stride(from: 0, to: elements.count, by: block) {
        statistics[member].add(elements[first..<min(first + block, elements.count)])
      }
    }
  }

  mutating func merge(_ later: MutualPart) {
    differences.merge(later.differences)
    statistics.merge(later.statistics)
  }
}
