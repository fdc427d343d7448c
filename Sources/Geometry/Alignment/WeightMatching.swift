import Checkpoints
import LinearAlgebra
import Tensors
import Threads

/// The order of one model's units that brings its weights nearest to another's.
///
///     maximize Σ_t ⟨A_t, P(B_t)⟩ over the orders P of all groups of units
///
/// which minimizes Σ_t ‖A_t − P(B_t)‖², as orders change no norm. Coordinate descent: for one
/// group at a time, the others kept, the sum is Σ_i S[i, π(i)] with
///
///     S[i, j] = Σ over tensors and axes that bear the group of ⟨unit i of A_t, unit j of B_t⟩
///
/// and a linear assignment finds its greatest value. The residual stream comes first, by the
/// columns of token embeddings and output heads alone; then all groups in random order, until no
/// group gains more than 1e-12 · ‖A‖ ‖B‖. Where a tensor bears a group along both axes, S is only
/// part of the change, so an order is kept only if the sum itself, in binary64, has grown. The
/// descent ends in a local optimum, which depends on the seed.
///
/// After matching, cosines and distances are better than chance even for independent models: they
/// say nothing about a common origin.
///
/// Source: Ainsworth, Hayase & Srinivasa 2022, "Git Re-Basin: Merging Models modulo Permutation
/// Symmetries", section 3.2 and algorithm 1.
public struct WeightMatching: Sendable {
  /// What became of one group.
  public struct GroupResult: Hashable, Sendable {
    /// The group.
    public let group: PermutableGroup
    /// Its units.
    public let count: Int
    /// How many of them left their place.
    public let moved: Int
    /// By how much moving them raised ⟨A, B⟩.
    public let gain: Double
  }

  /// The order of B's units.
  public let permutations: UnitPermutations
  /// Every group of B, in the order of its parameters.
  public let groups: [GroupResult]
  /// How often a group was matched.
  public let steps: Int

  /// Bytes that matching takes: both models' common parameters in binary32, and the similarity
  /// of the largest group's units.
  ///
  /// - Parameters:
  ///   - pairing: A with B.
  ///   - units: B's.
  /// - Returns: bytes besides the program itself.
  public static func byteCount(_ pairing: CheckpointPairing, units: PermutableUnits) -> Int {
    let pairs = pairing.pairs.filter { bearsUnits($0, units) }
    let groups = pairs.flatMap { units.axes(of: $0.name.canonical).joined().compactMap(\.group) }
    let most = groups.lazy.compactMap { units.counts[$0] }.max() ?? 0
    return pairs.reduce(squareByteCount(most)) { sum, pair in
      let (total, overflows) = sum.addingReportingOverflow(MatchingTensor.byteCount(of: pair))
      return overflows ? .max : total
    }
  }

  /// Matches B's units to A's.
  ///
  /// - Parameters:
  ///   - pairing: A, the base, with B.
  ///   - units: B's.
  ///   - seed: of the random order of groups.
  ///   - threads: how many work at once; the result is the same for any number.
  /// - Throws: `CheckpointError` if the weights cannot be read, or are not finite.
  /// - Complexity: for each step, 2 units² times the group's elements per unit; see
  ///   ``byteCount(_:units:)`` for memory.
  public init(
    _ pairing: CheckpointPairing, units: PermutableUnits, seed: UInt64, threads: Int
  ) throws {
    let pairs = pairing.pairs.filter { WeightMatching.bearsUnits($0, units) }
    let tensors = try pairs.map { try MatchingTensor($0, axes: units.axes(of: $0.name.canonical)) }
    var descent = MatchingDescent(tensors, units: units, threads: threads)
    let embeddings = pairs.indices.filter {
      pairs[$0].name.isTokenEmbedding || pairs[$0].name.isOutputHead
    }
    descent.run(seed: seed, embeddings: embeddings.map { tensors[$0] })
    permutations = descent.permutations
    groups = units.groups.map { [descent] group in
      GroupResult(
        group: group, count: units.counts[group] ?? 0,
        moved: descent.permutations.movedCount(in: group), gain: descent.gains[group] ?? 0)
    }
    steps = descent.steps
  }

  private static func bearsUnits(_ pair: TensorPair, _ units: PermutableUnits) -> Bool {
    units.axes(of: pair.name.canonical).joined().contains { $0.group != nil }
      && pair.base.shape.elementCount > 0
  }
}

/// The state of the descent.
private struct MatchingDescent {
  /// The tensors that bear each group.
  private let bearers: [PermutableGroup: [MatchingTensor]]
  private let units: PermutableUnits
  private let threads: Int
  private let leastGain: Double
  private(set) var permutations = UnitPermutations()
  private(set) var gains: [PermutableGroup: Double] = [:]
  private(set) var steps = 0

  init(_ tensors: [MatchingTensor], units: PermutableUnits, threads: Int) {
    (self.units, self.threads) = (units, threads)
    bearers = tensors.reduce(into: [:]) { bearers, tensor in
      for group in tensor.groups { bearers[group, default: []].append(tensor) }
    }
    forEach(tensors, threads: threads) { $0.measure() }
    let (a, b) = tensors.reduce((0.0, 0.0)) { sums, tensor in
      (sums.0 + tensor.difference.squaredA, sums.1 + tensor.difference.squaredB)
    }
    leastGain = 1e-12 * (a * b).squareRoot()
  }

  /// Matches until nothing is gained.
  ///
  /// - Parameters:
  ///   - seed: of the order of groups.
  ///   - embeddings: the tensors that the residual stream is matched by at first.
  mutating func run(seed: UInt64, embeddings: [MatchingTensor]) {
    var random = RandomStream(seed: seed)
    for group in units.groups where group.kind == .residual {
      _ = match(group, by: embeddings.filter { $0.groups.contains(group) })
    }
    var stale = Set(units.groups)
    while !stale.isEmpty {
      for index in random.permutation(of: units.groups.count) {
        let group = units.groups[index]
        let bearers = bearers[group] ?? []
        guard stale.remove(group) != nil, match(group, by: bearers) else { continue }
        stale.formUnion(bearers.flatMap(\.groups))
      }
    }
  }

  /// Finds the best order of a group's units, and keeps it if it raises ⟨A, B⟩.
  ///
  /// - Parameters:
  ///   - group: whose units.
  ///   - telling: the tensors to find it by, some or all of those that bear the group.
  /// - Returns: whether units moved.
  private mutating func match(_ group: PermutableGroup, by telling: [MatchingTensor]) -> Bool {
    guard !telling.isEmpty, let count = units.counts[group] else { return false }
    steps += 1
    let order = linearAssignment(
      maximizing: similarity(of: group, count: count, by: telling)
    ).columns
    let touched = bearers[group] ?? []
    let before = product(touched)
    move(group, by: order, touched)
    let gain = product(touched) - before
    guard gain > leastGain else {
      move(group, by: inverted(order), touched)
      return false
    }
    permutations.append(order, to: group)
    gains[group, default: 0] += gain
    return true
  }

  private func product(_ tensors: [MatchingTensor]) -> Double {
    tensors.reduce(0) { $0 + $1.difference.product }
  }

  private func move(_ group: PermutableGroup, by order: [Int], _ touched: [MatchingTensor]) {
    forEach(touched, threads: threads) { $0.move(group, by: order) }
  }

  /// Rows of the similarity that one thread works on at a time.
  private static let tileHeight = 128

  private func similarity(
    of group: PermutableGroup, count: Int, by tensors: [MatchingTensor]
  ) -> Matrix {
    var result = Matrix(rows: count, columns: count)
    result.withUnsafeMutableElements { elements in
      guard let start = elements.baseAddress else { return }
      nonisolated(unsafe) let target = start
      let tiles = stride(from: 0, to: count, by: MatchingDescent.tileHeight).map {
        $0..<min($0 + MatchingDescent.tileHeight, count)
      }
      forEach(tiles, threads: threads) { tile in
        for tensor in tensors {
          tensor.addSimilarity(of: group, rows: tile, to: target + tile.lowerBound * count)
        }
      }
    }
    return result
  }
}

private func forEach<Item: Sendable>(
  _ items: [Item], threads: Int, _ body: @escaping @Sendable (Item) -> Void
) {
  // Bodies that do not throw leave nothing to catch.
  _ = try? concurrentMap(items.count, threads: threads) { body(items[$0]) }
}
