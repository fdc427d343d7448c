import Tensors

/// Gradients in `Double` by the parameters of a model, summed on the way back through its layers.
struct PlainSums {
  /// The parameters by name, row-major.
  let weights: [TensorName: [Double]]
  /// Whether matrices are stored as [outputs, inputs].
  let storesTransposed: Bool
  /// The sums so far.
  private(set) var gradient: [TensorName: [Double]]

  init(_ weights: [TensorName: [Double]], storesTransposed: Bool) {
    (self.weights, self.storesTransposed) = (weights, storesTransposed)
    gradient = weights.mapValues { $0.map { _ in 0 } }
  }

  /// Goes back through a linear layer.
  ///
  /// - Parameters:
  ///   - x: [positions, inputs].
  ///   - name: of the layer.
  ///   - dy: [positions, outputs].
  /// - Returns: the gradient by x.
  mutating func multiplyBack(_ x: [Double], _ name: String, _ dy: [Double]) -> [Double] {
    let stored = weights[TensorName("\(name).weight")] ?? []
    let outputs = weights[TensorName("\(name).bias")]?.count ?? 1
    let inputs = stored.count / outputs
    var found = PlainGradients.multiply(
      x, by: storesTransposed ? transposed(stored, columns: inputs) : stored, dy, outputs: outputs)
    if storesTransposed { found.weight = transposed(found.weight, columns: outputs) }
    add(found, name)
    return found.input
  }

  /// Goes back through a normalization.
  ///
  /// - Parameters:
  ///   - x: [positions, channels].
  ///   - name: of the normalization.
  ///   - epsilon: what it adds to the variance.
  ///   - dy: [positions, channels].
  /// - Returns: the gradient by x.
  mutating func normalizeBack(
    _ x: [Double], _ name: String, epsilon: Double, _ dy: [Double]
  ) -> [Double] {
    let found = PlainGradients.layerNorm(
      x, weight: weights[TensorName("\(name).weight")] ?? [], epsilon: epsilon, dy)
    add(found, name)
    return found.input
  }

  /// Adds to the gradient by one of a table's rows, or by part of it.
  mutating func add(_ change: some Sequence<Double>, to name: TensorName, from first: Int) {
    for (index, value) in change.enumerated() { gradient[name]?[first + index] += value }
  }

  private mutating func add(_ found: PlainGradients.Linear, _ name: String) {
    add(found.weight, to: TensorName("\(name).weight"), from: 0)
    add(found.bias, to: TensorName("\(name).bias"), from: 0)
  }
}

/// The transpose of a matrix with a number of columns.
func transposed(_ x: [Double], columns: Int) -> [Double] {
  let rows = x.count / max(columns, 1)
  return x.indices.map { x[$0 % rows * columns + $0 / rows] }
}
