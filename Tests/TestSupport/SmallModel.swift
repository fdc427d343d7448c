import LinearAlgebra

/// The weights of a small transformer, drawn at random, to be changed as its symmetries allow and
/// stored under the names of several families.
///
/// Every matrix has its units as rows and channels of the residual stream as columns, whatever way
/// a family stores it.
public struct SmallModel: Sendable {
  /// Extents.
  public struct Size: Sendable {
    /// Layers.
    public var layers = 2
    /// Channels of the residual stream, d.
    public var width = 32
    /// Hidden units of a layer, h.
    public var hidden = 64
    /// Heads of queries; they divide the width.
    public var heads = 4
    /// Heads of keys and values; `nil` is as many.
    public var keyValueHeads: Int?
    /// Rows of the token embedding.
    public var tokens = 96
    /// Rows of the position embedding.
    public var positions = 16

    /// The defaults.
    public init() {}

    var keyValueWidth: Int { width / heads * (keyValueHeads ?? heads) }
  }

  /// The weights of one layer.
  public struct Layer: Sendable {
    /// [heads · head width, d].
    public var query, key, value, output: Matrix
    /// [h, d]; Llama alone has a gate.
    public var gate, up, down: Matrix
    /// Gains before attention and before the MLP, [d] each.
    public var attentionGain, hiddenGain: [Float]
  }

  /// [tokens, d].
  public var tokens: Matrix
  /// [positions, d].
  public var positions: Matrix
  /// In order.
  public var layers: [Layer]

  /// Draws standard normal weights, and gains between a half and three halves.
  ///
  /// - Parameters:
  ///   - size: the extents.
  ///   - seed: other seeds give independent models.
  public init(_ size: Size = Size(), seed: UInt64) {
    var randomness = RandomStream(seed: seed)
    func normal(_ rows: Int) -> Matrix {
      Matrix(
        rows: rows, columns: size.width,
        elements: (0..<rows * size.width).map { _ in Float(randomness.normal()) })
    }
    func gain() -> [Float] { (0..<size.width).map { _ in Float(0.5 + randomness.uniform()) } }
    (tokens, positions) = (normal(size.tokens), normal(size.positions))
    layers = (0..<size.layers).map { _ in
      Layer(
        query: normal(size.width), key: normal(size.keyValueWidth),
        value: normal(size.keyValueWidth), output: normal(size.width), gate: normal(size.hidden),
        up: normal(size.hidden), down: normal(size.hidden), attentionGain: gain(),
        hiddenGain: gain())
    }
  }

  /// Every matrix.
  private static let members: [WritableKeyPath<Layer, Matrix> & Sendable] = [
    \.query, \.key, \.value, \.output, \.gate, \.up, \.down,
  ]

  /// Replaces each matrix.
  ///
  /// - Parameter change: takes a matrix and gives another.
  /// - Returns: the changed model.
  public func mapMatrices(_ change: (Matrix) -> Matrix) -> SmallModel {
    var model = self
    (model.tokens, model.positions) = (change(tokens), change(positions))
    for layer in layers.indices {
      for member in SmallModel.members {
        model.layers[layer][keyPath: member] = change(layers[layer][keyPath: member])
      }
    }
    return model
  }

  /// A model whose weights have a given correlation with this one's, ρ w + √(1 − ρ²) n.
  ///
  /// - Parameters:
  ///   - correlation: ρ.
  ///   - seed: draws n.
  /// - Returns: the other model, with the gains of this one.
  public func relative(correlation: Double, seed: UInt64) -> SmallModel {
    var randomness = RandomStream(seed: seed, stream: 1)
    let noise = (1 - correlation * correlation).squareRoot()
    return mapMatrices { matrix in
      Matrix(
        rows: matrix.rows, columns: matrix.columns,
        elements: matrix.elements.map {
          Float(correlation * Double($0) + noise * randomness.normal())
        })
    }
  }

  /// The same function with a layer's hidden units in another order.
  ///
  /// - Parameters:
  ///   - order: which unit comes at each place.
  ///   - layer: which layer.
  /// - Returns: the other model.
  public func reorderingHidden(_ order: [Int], layer: Int) -> SmallModel {
    var model = self
    for member in [\Layer.gate, \.up, \.down] {
      model.layers[layer][keyPath: member] = layers[layer][keyPath: member].rows(order)
    }
    return model
  }

  /// The same function with the dimensions of every head of a layer in another order.
  ///
  /// - Parameters:
  ///   - order: which dimension comes at each place of the layer's heads; keeps to the heads.
  ///   - layer: which layer; it has as many heads of keys as of queries.
  /// - Returns: the other model.
  public func reorderingHeads(_ order: [Int], layer: Int) -> SmallModel {
    var model = self
    for member in [\Layer.query, \.key, \.value, \.output] {
      model.layers[layer][keyPath: member] = layers[layer][keyPath: member].rows(order)
    }
    return model
  }

  /// The model with its residual stream rotated and its gains, now 1, in the matrices after them.
  ///
  /// - Parameter rotation: [d, d].
  /// - Returns: the other model: the same function if the normalization is an RMSNorm, or the
  ///   rotation keeps the vector of ones.
  public func rotated(by rotation: Matrix) -> SmallModel {
    var model = self
    for layer in layers.indices {
      let (first, second) = (layers[layer].attentionGain, layers[layer].hiddenGain)
      for member in [\Layer.query, \.key, \.value] {
        model.layers[layer][keyPath: member].scaleColumns(by: first)
      }
      for member in [\Layer.gate, \.up] {
        model.layers[layer][keyPath: member].scaleColumns(by: second)
      }
      model.layers[layer].attentionGain = first.map { _ in 1 }
      model.layers[layer].hiddenGain = second.map { _ in 1 }
    }
    return model.mapMatrices { Matrix.product($0, rotation) }
  }
}

extension Matrix {
  /// The matrix of some rows.
  ///
  /// - Parameter order: which rows, in order.
  /// - Returns: [order.count, columns].
  public func rows(_ order: [Int]) -> Matrix {
    Matrix(
      rows: order.count, columns: columns,
      elements: order.flatMap { elements[$0 * columns..<($0 + 1) * columns] })
  }

  /// Multiplies each column by a factor.
  ///
  /// - Parameter factors: one for each column.
  public mutating func scaleColumns(by factors: [Float]) {
    for row in 0..<rows {
      for column in 0..<columns { self[row, column] *= factors[column] }
    }
  }

  /// A random rotation.
  ///
  /// - Parameters:
  ///   - size: d.
  ///   - seed: draws it.
  /// - Returns: an orthogonal matrix, [d, d].
  public static func randomRotation(_ size: Int, seed: UInt64) -> Matrix {
    var randomness = RandomStream(seed: seed, stream: 2)
    let elements = (0..<size * size).map { _ in Float(randomness.normal()) }
    return nearestOrthogonal(to: Matrix(rows: size, columns: size, elements: elements))
  }

  /// A random rotation that keeps the vector of ones, as LayerNorm asks of one.
  ///
  /// - Parameters:
  ///   - size: d.
  ///   - seed: draws it.
  /// - Returns: an orthogonal matrix whose rows sum to 1, [d, d].
  public static func randomRotationKeepingOnes(_ size: Int, seed: UInt64) -> Matrix {
    var inner = Matrix(rows: size, columns: size)
    let rotation = randomRotation(size - 1, seed: seed)
    inner[0, 0] = 1
    for row in 1..<size {
      for column in 1..<size { inner[row, column] = rotation[row - 1, column - 1] }
    }
    let mirror = reflectionOfFirstAxisToOnes(size)
    return product(product(mirror, inner), mirror)
  }

  /// The Householder reflection that takes the first axis to the direction of ones.
  private static func reflectionOfFirstAxisToOnes(_ size: Int) -> Matrix {
    var axis = [Double](repeating: -1 / Double(size).squareRoot(), count: size)
    axis[0] += 1
    let square = axis.reduce(0) { $0 + $1 * $1 }
    var mirror = Matrix(rows: size, columns: size)
    for row in 0..<size {
      for column in 0..<size {
        mirror[row, column] = Float(
          (row == column ? 1 : 0) - 2 * axis[row] * axis[column] / square)
      }
    }
    return mirror
  }
}
