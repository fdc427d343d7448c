import Tensors

/// What ``MixtureTest`` found.
public struct MixtureFinding: Sendable {
  /// The coefficients that are tried on one tensor.
  struct Fits: Sendable {
    let own: MixtureFit
    let ownFree: MixtureFit
    let layer: MixtureFit
    let consensus: MixtureFit
    let free: MixtureFit

    static let count = 5
    /// In the order that ``Leftovers`` has.
    var all: [MixtureFit] { [own, ownFree, layer, consensus, free] }
  }

  /// What each of ``Fits`` leaves.
  struct Leftovers: Sendable {
    var own: Leftover
    var ownFree: Leftover
    var layer: Leftover
    var consensus: Leftover
    var free: Leftover

    /// Names what ``Fits/all`` left.
    init(_ left: [Leftover]) {
      precondition(left.count == Fits.count)
      (own, ownFree, layer, consensus, free) = (left[0], left[1], left[2], left[3], left[4])
    }

    /// Takes in what is left of another tensor of the layer, with the layer's coefficients.
    static func += (sum: inout Leftovers, other: Leftovers) {
      sum.own += other.layer
      sum.ownFree += other.ownFree
      sum.layer += other.layer
      sum.consensus += other.consensus
      sum.free += other.free
    }
  }

  /// One tensor, or several together.
  public struct Part: Sendable {
    /// The tensor's name, or that of the first of several.
    public let name: ParameterName
    /// How many tensors.
    public internal(set) var tensors = 1
    /// Elements, n.
    public internal(set) var elementCount: Int
    /// The part's own coefficients, their sum 1; of a layer, if the part is one.
    public internal(set) var fit: MixtureFit
    /// The part's own coefficients without a constraint.
    public let free: MixtureFit
    /// The coefficients of the part's layer, their sum 1.
    public let layerFit: MixtureFit
    /// What is left with each of the coefficients that were tried.
    var left: Leftovers
    /// The expected Σ r² of rounding.
    public internal(set) var floorSquare: Double
    /// Σ (M − θ_o)², o the origin.
    var distanceSquare: Double
    /// NaN and infinite elements of all checkpoints.
    public internal(set) var nonfinite: Int

    init(
      name: ParameterName, fits: Fits, residuals: MixtureResiduals, system: MixtureSystem
    ) {
      (self.name, elementCount, nonfinite) = (name, residuals.elementCount, system.nonfinite)
      (fit, free, layerFit) = (fits.own, fits.ownFree, fits.layer)
      left = Leftovers(residuals.left(fits.all))
      (floorSquare, distanceSquare) = (system.floorSquare, system.distanceSquare)
    }
  }

  /// The answer.
  public enum Verdict: String, Sendable, CaseIterable {
    /// One set of coefficients leaves no more than rounding in every tensor.
    case mixture = "MIXTURE"
    /// One set does whose sum is not 1, such as weights that were not normalized.
    case otherSum = "MIXTURE WITH ANOTHER SUM"
    /// Every tensor has coefficients of its own that leave no more than rounding; of N inputs,
    /// those of more than N − 1 elements, as any others have.
    case mixtureByTensor = "MIXTURE BY TENSOR"
    /// One set does for at least half of the tensors, and not for others.
    case partly = "MIXTURE BUT FOR SOME TENSORS"
    /// No coefficients do.
    case notMixture = "NOT A MIXTURE OF THESE"
    /// More than rounding is left, but not much more.
    case near = "NEAR A MIXTURE"
    /// The inputs, or the rounding, leave the coefficients open: two inputs are alike, or the
    /// changes from the origin are hardly more than rounding.
    case undetermined = "COEFFICIENTS NOT DETERMINED"
  }

  /// How many inputs there are.
  public let inputCount: Int
  /// The position of the input that differences are taken from.
  public let origin: Int
  /// Every tensor.
  public let parts: [Part]
  /// The coefficients for as many tensors as possible, their sum 1.
  public let consensus: MixtureFit
  /// The coefficients for all finite tensors together, without a constraint.
  public let free: MixtureFit

  /// The coefficients that the verdict is about.
  public var answer: MixtureFit { verdict == .otherSum ? free : consensus }

  /// What is left counts as rounding up to so many times the root mean square that rounding once
  /// to the nearest gives, and with coefficients c up to 1.5 √(1 + 2 Σ c²) times, if that is more:
  /// mixing rounds the inputs, if they are brought to the type first, each product, and sums.
  public static let tolerance = 4.0
  /// Changes of less than so many times the floor are not told apart: rounding moves them together
  /// with what they change, and what is left of them is neither random nor small beside them.
  public static let leastDistance = 8.0
  /// A sum of coefficients that is so near to 1 is not called another.
  public static let leastExcess = 1e-3
  /// The share of elements that may be farther off than those roundings can bring them, which
  /// ``Leftover`` counts: chains of them that go beyond are rare, and elements that were left out
  /// or changed by themselves are not.
  public static let outlierShare = 1e-2
  /// Outliers that a small tensor may have in any case.
  public static let fewOutliers = 8
  /// What is left counts as near up to so many times that, if it is less than a tenth of the
  /// distance to the input that differences are taken from.
  public static let nearTolerance = 16.0
  /// Coefficients whose standard error is beyond this are not determined.
  public static let largestError = 0.05
}

extension MixtureFinding.Part {
  /// √(Σ r² / n) with the part's own coefficients, their sum 1.
  public var residual: Double { rms(left.own.square) }
  /// The same without a constraint.
  public var freeResidual: Double { rms(left.ownFree.square) }
  /// The same with the coefficients of the layer.
  public var layerResidual: Double { rms(left.layer.square) }
  /// The same with the coefficients of all tensors.
  public var consensusResidual: Double { rms(left.consensus.square) }
  /// The same with those of all tensors without a constraint.
  public var consensusFreeResidual: Double { rms(left.free.square) }
  /// Elements farther off, with the part's own coefficients, than rounding can bring them.
  public var outliers: Int { left.own.outliers }
  /// The expected root mean square of rounding.
  public var floor: Double { rms(floorSquare) }

  private func rms(_ square: Double) -> Double { (square / Double(elementCount)).squareRoot() }

  /// Whether the part's own coefficients leave no more than so many times the floor.
  func isWithin(_ tolerance: Double) -> Bool {
    isFinite && residual <= tolerance * floor || elementCount == 0
  }

  /// Whether the checkpoint in question, its distance and the floor are finite: an infinite element
  /// has an infinite floor, below which anything would lie.
  private var isFinite: Bool { nonfinite == 0 && floorSquare.isFinite && distanceSquare.isFinite }

  /// Whether the coefficients of all leave no more than rounding.
  public var agrees: Bool { isRounding(left.consensus) }

  /// Whether those of all without a constraint do.
  var agreesFreely: Bool { isRounding(left.free) }

  private func isRounding(_ left: Leftover) -> Bool {
    let limit = left.tolerance * floor
    let share = Int(MixtureFinding.outlierShare * Double(elementCount))
    let isFar = left.outliers > max(share, MixtureFinding.fewOutliers)
    return isFinite && rms(left.square) <= limit && !isFar || elementCount == 0
  }

  /// Whether the coefficients of all leave nothing at all, but for the errors of sums.
  var isReproduced: Bool { isFinite && consensusResidual <= 1e-3 * floor }

  /// Whether the origin itself is so near that rounding left few of the changes as they were.
  var isNearOrigin: Bool {
    let limit = MixtureFinding.leastDistance * MixtureFinding.leastDistance * floorSquare
    return isFinite && distanceSquare <= limit
  }

  /// Whether coefficients of the part's own leave no more than rounding.
  public var isMixture: Bool { isRounding(left.own) }
}

extension MixtureFinding {
  /// Tensors for which the coefficients of all do not do.
  public var differing: [Part] { parts.filter { !$0.agrees } }

  /// The answer.
  public var verdict: Verdict {
    let differing = differing.count
    if isTooNear { return .undetermined }
    if differing == 0 { return isDetermined(consensus) ? .mixture : .undetermined }
    if hasOtherSum { return .otherSum }
    if 2 * differing <= parts.count { return .partly }
    if hasOwnMixtures { return .mixtureByTensor }
    return isNear ? .near : .notMixture
  }

  /// Whether each of the tensors for which the coefficients of all do not do is a mixture with
  /// coefficients of its own, and large enough to tell.
  public var hasOwnMixtures: Bool {
    differing.allSatisfy { $0.isMixture && $0.elementCount > inputCount - 1 }
  }

  private var isNear: Bool {
    let left = parts.reduce(0) { $0 + $1.left.own.square }
    let distance = parts.reduce(0) { $0 + $1.distanceSquare }
    return left <= 0.01 * distance
      && parts.allSatisfy { $0.isWithin(MixtureFinding.nearTolerance) }
  }

  /// Whether the changes from the origin are so small that rounding decides what is left of them.
  public var isTooNear: Bool {
    parts.allSatisfy(\.isNearOrigin) && !isOriginAlone && !parts.allSatisfy(\.isReproduced)
  }

  private var hasOtherSum: Bool {
    let excess = free.coefficients.reduce(-1, +).magnitude
    return excess > MixtureFinding.leastExcess && isDetermined(free)
      && parts.allSatisfy(\.agreesFreely)
  }

  private func isDetermined(_ fit: MixtureFit) -> Bool {
    fit.errors.allSatisfy { $0 <= MixtureFinding.largestError }
  }

  /// Whether the coefficients of all inputs but the origin are 0, as far as can be told.
  private var isOriginAlone: Bool {
    consensus.coefficients.indices.allSatisfy {
      $0 == origin || consensus.coefficients[$0].magnitude <= 4 * consensus.errors[$0]
    }
  }

  /// The layers: tensors of one layer put together, what is outside layers too.
  public var layers: [Part] {
    var (layers, positions) = ([Part](), [LayerKey: Int]())
    for part in parts {
      if let position = positions[LayerKey(part.name)] {
        layers[position].absorb(part)
      } else {
        positions[LayerKey(part.name)] = layers.count
        layers.append(part.asLayer)
      }
    }
    return layers
  }

  /// NaN and infinite elements of all checkpoints.
  public var nonfinite: Int { parts.reduce(0) { $0 + $1.nonfinite } }

  /// All tensors put together, with the coefficients of all; those with NaN or infinite elements
  /// only if there are no others.
  public var total: Part? {
    let finite = parts.filter { $0.nonfinite == 0 }
    let taken = finite.isEmpty ? parts : finite
    guard var total = taken.first else { return nil }
    for part in taken.dropFirst() { total.absorb(part) }
    total.fit = consensus
    total.left.own = total.left.consensus
    return total
  }
}

extension MixtureFinding.Part {
  fileprivate var asLayer: Self {
    var layer = self
    layer.fit = layerFit
    layer.left.own = left.layer
    return layer
  }

  fileprivate mutating func absorb(_ part: Self) {
    tensors += part.tensors
    elementCount += part.elementCount
    floorSquare += part.floorSquare
    distanceSquare += part.distanceSquare
    nonfinite += part.nonfinite
    left += part.left
  }
}

/// What tells the layers of a model apart.
struct LayerKey: Hashable {
  private let stack: ParameterName.Stack?
  private let layer: Int?

  init(_ name: ParameterName) { (stack, layer) = (name.stack, name.layer) }
}

extension CommonTensor {
  var layerKey: LayerKey { LayerKey(name) }
}
