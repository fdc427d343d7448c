import Checkpoints
import Tensors

/// Finds the coefficients by which a checkpoint is a mixture of others, Σ c_i θ_i, and tells
/// whether what remains is no more than rounding.
///
/// Two passes: the first sums the least squares problem of each tensor, the second measures what
/// remains. That could be had from the first, but as a difference of two sums that are all but
/// equal.
public struct MixtureTest: Sendable {
  private let common: CommonTensors
  private let origin: Int
  private let resources: WalkResources

  /// Plans a test.
  ///
  /// - Parameters:
  ///   - common: the checkpoint in question first, then the inputs, at least one.
  ///   - origin: the position of the input that differences are taken from: the base, or the first.
  ///   - resources: how much of the machine to use; results do not depend on it.
  public init(_ common: CommonTensors, origin: Int, resources: WalkResources) {
    precondition(0..<common.memberCount - 1 ~= origin)
    (self.common, self.origin, self.resources) = (common, origin, resources)
  }

  private var inputCount: Int { common.memberCount - 1 }

  /// Carries out the test.
  ///
  /// - Returns: what was found.
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  /// - Complexity: two reads of every file.
  public func run() throws -> MixtureFinding {
    let (systems, units) = try sumSystems()
    let groups = Dictionary(grouping: common.tensors.indices, by: { common.tensors[$0].layerKey })
    let layers = groups.mapValues { $0.map { systems[$0] }.finite.merged(empty) }
    let total = systems.finite.merged(empty)
    let (consensus, free) = (Consensus(systems, total: total).fit, total.free)
    let fits = zip(common.tensors, systems).map { tensor, system in
      MixtureFinding.Fits(
        own: system.affine, ownFree: system.free,
        layer: layers[tensor.layerKey]?.affine ?? system.affine, consensus: consensus, free: free)
    }
    let residuals = try measure(fits.map(\.all), units)
    let parts = common.tensors.indices.map { index in
      MixtureFinding.Part(
        name: common.tensors[index].name, fits: fits[index],
        residuals: residuals[index], system: systems[index])
    }
    return MixtureFinding(
      inputCount: inputCount, origin: origin, parts: parts, consensus: consensus,
      free: free)
  }

  private var empty: MixtureSystem { MixtureSystem(inputs: inputCount, origin: origin) }

  /// The system of each tensor, and the unit of its rounding.
  private func sumSystems() throws -> ([MixtureSystem], [RoundingUnit]) {
    let (origin, tensors) = (origin, common.tensors)
    let start = MixturePart(system: empty)
    let found = try common.reduce(using: resources, empty: start) { part, tensor, members, _ in
      let dtype = tensors[tensor].records[0].dtype
      let before = part.system.gram.nonfinite
      withRows(of: members.inputsFirst) { rows, count in
        part.floor.add(
          rows + (members.count - 1) * GramMatrix.blockLength, count: count, dtype: dtype)
        takeFromOrigin(rows, members: members.count, origin: origin)
        part.system.add(rows, count: count)
      }
      // Rows of differences also count the origin's.
      if part.system.gram.nonfinite != before { part.system.nonfinite += members.nonfinite }
    }
    let bits = effectiveBits(found.map(\.floor))
    let ownBits = tensors.map { bits[$0.records[0].dtype] ?? nil }
    let systems = zip(ownBits, found).map { bits, part in
      var system = part.system
      system.floorSquare = part.floor.square(fractionBits: bits)
      return system
    }
    return (systems, ownBits.map { RoundingUnit(fractionBits: $0) })
  }

  /// The fraction bits that the tensors of each type use together: a mixture that was computed in a
  /// narrow type and stored in a wide one was rounded to the narrow one.
  private func effectiveBits(_ floors: [RoundingFloor]) -> [DType: Int?] {
    let groups = Dictionary(grouping: zip(common.tensors, floors), by: { $0.0.records[0].dtype })
    return groups.reduce(into: [:]) { bits, group in
      let all = group.value.reduce(into: RoundingFloor()) { $0.merge($1.1) }
      bits[group.key] = .some(group.key.fractionBits.map { min($0, all.fractionBits) })
    }
  }

  /// What remains of each tensor for each of its fits.
  private func measure(
    _ fits: [[MixtureFit]], _ units: [RoundingUnit]
  ) throws -> [MixtureResiduals] {
    let origin = origin
    let start = MixtureResiduals(count: MixtureFinding.Fits.count)
    return try common.reduce(using: resources, empty: start) { part, tensor, members, _ in
      withRows(of: members.inputsFirst) { rows, count in
        takeFromOrigin(rows, members: members.count, origin: origin)
        let block = DifferenceRows(start: rows, count: count, origin: origin)
        part.add(block, fits[tensor], units[tensor])
      }
    }
  }
}

/// What the first pass sums.
private struct MixturePart: Mergeable {
  var system: MixtureSystem
  var floor = RoundingFloor()

  mutating func merge(_ later: MixturePart) {
    system.merge(later.system)
    floor.merge(later.floor)
  }
}

/// Takes the origin's row from all others; its own stays.
private func takeFromOrigin(_ rows: UnsafeMutablePointer<Double>, members: Int, origin: Int) {
  let block = GramMatrix.blockLength
  let base = rows + origin * block
  for member in 0..<members where member != origin {
    let row = rows + member * block
    for index in 0..<block { row[index] -= base[index] }
  }
}

extension [Elements] {
  fileprivate var nonfinite: Int {
    reduce(0) { sum, elements in
      (0..<elements.count).reduce(sum) { $0 + (elements.value(at: $1).isFinite ? 0 : 1) }
    }
  }

  /// The first, which is the checkpoint in question, last.
  fileprivate var inputsFirst: [Elements] { Array(dropFirst() + prefix(1)) }
}

extension [MixtureSystem] {
  /// Those without NaN or infinite elements, of which no sum tells anything; all if there are none.
  fileprivate var finite: [MixtureSystem] {
    let finite = filter { $0.nonfinite == 0 }
    return finite.isEmpty ? self : finite
  }

  fileprivate func merged(_ empty: MixtureSystem) -> MixtureSystem {
    reduce(into: empty) { $0.merge($1) }
  }
}

/// One set of coefficients for as many tensors as possible.
///
/// Foreign tensors would draw the common solution away, so it is taken over those alone that are
/// mixtures and agree with the median of the coefficients of all that are; over all tensors if
/// none is.
private struct Consensus {
  let fit: MixtureFit

  init(_ systems: [MixtureSystem], total: MixtureSystem) {
    let fits = systems.map(\.affine)
    let isMixture = zip(systems, fits).map { $0.mayBeMixture($1) }
    let telling = zip(fits, isMixture).filter { $0.0.isUnique && $0.1 }.map(\.0)
    guard !telling.isEmpty else {
      fit = total.affine
      return
    }
    let median = telling[0].coefficients.indices.map { input in
      telling.map { $0.coefficients[input] }.sorted()[telling.count / 2]
    }
    let agreeing = systems.indices.filter { index in
      let system = systems[index]
      let limit = fits[index].tolerance * fits[index].tolerance * system.floorSquare
      return isMixture[index] && system.excess(of: median, over: fits[index].coefficients) <= limit
    }.map { systems[$0] }
    fit =
      agreeing.isEmpty
      ? total.affine
      : agreeing.dropFirst().reduce(into: agreeing[0]) {
        $0.merge($1)
      }.affine
  }
}
