import Tensors

/// What ``MixtureTest`` found.
public struct MixtureFinding: Sendable {
  /// The coefficients that are tried on one tensor.
  struct Fits: Sendable {
    let own: MixtureFit
    let ownFree: MixtureFit
    let layer: MixtureFit
    let consensus: MixtureFit

    static let count = 4
    var coefficients: [[Double]] {
      [own, ownFree, layer, consensus].map(\.coefficients)
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
    /// Σ r² with the part's own coefficients, without a constraint, with those of the layer, and with
    /// those of all.
    var squares: [Double]
    /// The expected Σ r² of rounding.
    public internal(set) var floorSquare: Double
    /// Σ (M − θ_o)², o the origin.
    var distanceSquare: Double

    init(
      name: ParameterName, fits: Fits, residuals: MixtureResiduals, system: MixtureSystem
    ) {
      (self.name, elementCount) = (name, residuals.elementCount)
      (fit, free, layerFit) = (fits.own, fits.ownFree, fits.layer)
      squares = residuals.squares
      (floorSquare, distanceSquare) = (system.floorSquare, system.distanceSquare)
    }
  }

  /// The answer.
  public enum Verdict: String, Sendable, CaseIterable {
    /// One set of coefficients leaves no more than rounding in every tensor.
    case mixture = "MIXTURE"
    /// Every tensor has coefficients of its own that leave no more than rounding.
    case mixtureByTensor = "MIXTURE BY TENSOR"
    /// One set does for at least half of the tensors, and not for others.
    case partly = "MIXTURE BUT FOR SOME TENSORS"
    /// No coefficients do.
    case notMixture = "NOT A MIXTURE OF THESE"
    /// More than rounding is left, but not much more.
    case near = "NEAR A MIXTURE"
    /// The inputs, or the rounding, leave the coefficients open: two inputs are alike, or the origin
    /// alone is within rounding, so that a share of the others rests on rounding's being random.
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
  /// The coefficients for all tensors together, without a constraint.
  public let free: MixtureFit

  /// What is left counts as rounding up to so many times the root mean square that rounding once to
  /// the nearest gives. Mixing takes a few roundings: of each product, and of sums.
  public static let tolerance = 4.0
  /// What is left counts as near up to so many times that, if it is less than a tenth of the distance
  /// to the input that differences are taken from.
  public static let nearTolerance = 16.0
  /// Coefficients whose standard error is beyond this are not determined.
  public static let largestError = 0.05
}

extension MixtureFinding.Part {
  /// √(Σ r² / n) with the part's own coefficients, their sum 1.
  public var residual: Double { rms(squares[0]) }
  /// The same without a constraint.
  public var freeResidual: Double { rms(squares[1]) }
  /// The same with the coefficients of the layer.
  public var layerResidual: Double { rms(squares[2]) }
  /// The same with the coefficients of all tensors.
  public var consensusResidual: Double { rms(squares[3]) }
  /// The expected root mean square of rounding.
  public var floor: Double { rms(floorSquare) }

  private func rms(_ square: Double) -> Double { (square / Double(elementCount)).squareRoot() }

  /// Whether the part's own coefficients leave no more than so many times the floor.
  func isWithin(_ tolerance: Double) -> Bool { residual <= tolerance * floor || elementCount == 0 }

  /// Whether the coefficients of all leave no more than rounding.
  public var agrees: Bool {
    consensusResidual <= MixtureFinding.tolerance * floor || elementCount == 0
  }

  /// Whether the origin itself leaves no more than rounding.
  var isOriginWithinRounding: Bool {
    distanceSquare <= MixtureFinding.tolerance * MixtureFinding.tolerance * floorSquare
  }

  /// Whether coefficients of the part's own leave no more than rounding.
  public var isMixture: Bool { isWithin(MixtureFinding.tolerance) }
}

extension MixtureFinding {
  /// Tensors for which the coefficients of all do not do.
  public var differing: [Part] { parts.filter { !$0.agrees } }

  /// The answer.
  public var verdict: Verdict {
    let differing = differing.count
    if differing == 0 { return isDetermined ? .mixture : .undetermined }
    if parts.allSatisfy(\.isMixture) { return .mixtureByTensor }
    if 2 * differing <= parts.count { return .partly }
    return isNear ? .near : .notMixture
  }

  private var isNear: Bool {
    let left = parts.reduce(0) { $0 + $1.squares[0] }
    let distance = parts.reduce(0) { $0 + $1.distanceSquare }
    return left <= 0.01 * distance
      && parts.allSatisfy { $0.isWithin(MixtureFinding.nearTolerance) }
  }

  private var isDetermined: Bool {
    consensus.errors.allSatisfy { $0 <= MixtureFinding.largestError }
      && (isOriginAlone || !parts.allSatisfy(\.isOriginWithinRounding))
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

  /// All tensors put together, with the coefficients of all.
  public var total: Part? {
    guard var total = parts.first else { return nil }
    for part in parts.dropFirst() { total.absorb(part) }
    total.fit = consensus
    total.squares[0] = total.squares[3]
    return total
  }
}

extension MixtureFinding.Part {
  fileprivate var asLayer: Self {
    var layer = self
    layer.fit = layerFit
    layer.squares[0] = squares[2]
    return layer
  }

  fileprivate mutating func absorb(_ part: Self) {
    tensors += part.tensors
    elementCount += part.elementCount
    floorSquare += part.floorSquare
    distanceSquare += part.distanceSquare
    squares[0] += part.squares[2]
    for index in 1..<squares.count { squares[index] += part.squares[index] }
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
