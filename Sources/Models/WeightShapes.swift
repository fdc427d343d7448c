import Tensors

/// What the shapes of weights say.
struct WeightShapes<Weights: StateDict> {
  let weights: Weights
  let settings: ModelSettings

  /// The extents of a matrix that is not empty.
  func matrix(_ name: TensorName) throws -> (rows: Int, columns: Int) {
    let extents = try extents(name)
    guard extents.count == 2, !extents.contains(0) else {
      throw ModelError(
        .mismatch, in: weights.path, tensor: name,
        "its shape is \(Shape.list(extents)), and should be that of a matrix that is not empty")
    }
    return (extents[0], extents[1])
  }

  private func extents(_ name: TensorName) throws -> [Int] {
    guard let shape = weights.shape(of: name) else {
      throw ModelError(.missing, in: weights.path, tensor: name, "is missing; the model needs it")
    }
    return shape.dimensions
  }

  /// How many layers are stored, by a tensor that each has.
  func layerCount(_ name: (Int) -> String) -> Int {
    var count = 0
    while weights.shape(of: TensorName(name(count))) != nil { count += 1 }
    return count
  }

  /// Refuses weights that lack one of some tensors, or have it in another shape.
  func require(_ tensors: [(name: TensorName, extents: [Int])]) throws {
    for tensor in tensors {
      let found = try extents(tensor.name)
      guard found != tensor.extents else { continue }
      throw ModelError(
        .mismatch, in: weights.path, tensor: tensor.name,
        "its shape is \(Shape.list(found)), and should be \(Shape.list(tensor.extents))")
    }
  }
}
