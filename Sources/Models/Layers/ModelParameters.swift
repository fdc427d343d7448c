import Tensors

/// A number for every parameter of a model: its weights, or the gradient of a loss by them.
///
/// Tensors are row-major, as checkpoints store them, one after another in one piece of memory; each
/// begins on a cache line, and what lies between them is 0.
///
/// - Note: Unsynchronized: threads share one only to read it or to write separate parts.
public final class ModelParameters: StateDict {
  /// One tensor among the parameters.
  public struct Tensor: Hashable, Sendable {
    /// Its canonical name.
    public let name: TensorName
    /// Its extents.
    public let shape: Shape
    /// Where its elements lie.
    public let elements: Range<Int>

    /// Whether weight decay applies: to matrices and embeddings, neither to biases nor to what
    /// normalized channels are scaled by.
    public var decays: Bool { shape.rank > 1 }
  }

  /// Where the numbers come from, for messages.
  public let path: String
  /// The tensors in the order of memory.
  public let tensors: [Tensor]
  /// All numbers.
  public let elements: AlignedBuffer<Float>
  private let places: [TensorName: Int]

  /// Floats of a cache line.
  private static let alignment = 16

  /// Allocates zeros.
  ///
  /// - Parameters:
  ///   - model: says which tensors there are.
  ///   - path: what to call the numbers in messages.
  public init(_ model: some TrainableModel, path: String = "") {
    self.path = path
    var (tensors, end) = ([Tensor](), 0)
    for (name, extents) in model.tensors {
      guard let shape = Shape(extents) else { preconditionFailure("\(name) has no shape") }
      let count = shape.elementCount
      tensors.append(Tensor(name: name, shape: shape, elements: end..<end + count))
      end +=
        (count + ModelParameters.alignment - 1) / ModelParameters.alignment
        * ModelParameters.alignment
    }
    self.tensors = tensors
    places = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
    elements = AlignedBuffer(count: end)
  }

  /// Allocates zeros for the same tensors as other parameters have.
  ///
  /// - Parameter other: the parameters.
  public init(like other: ModelParameters) {
    (path, tensors, places) = ("", other.tensors, other.places)
    elements = AlignedBuffer(count: other.elements.count)
  }

  /// Reads weights.
  ///
  /// - Parameters:
  ///   - model: says which tensors there are.
  ///   - source: has them.
  /// - Throws: ``ModelError`` if a tensor is missing, has another shape, or holds NaN or infinities;
  ///   what the source throws.
  public convenience init(_ model: some TrainableModel, reading source: some StateDict) throws {
    self.init(model, path: source.path)
    for tensor in tensors { try read(tensor, from: source) }
  }

  /// Reads the weights of one tensor.
  ///
  /// - Parameters:
  ///   - tensor: one of ``tensors``.
  ///   - source: has it.
  /// - Throws: ``ModelError`` if it is missing, has another shape, or holds NaN or infinities; what
  ///   the source throws.
  public func read(_ tensor: Tensor, from source: some StateDict) throws {
    let values = self[tensor]
    try WeightShapes(weights: source, settings: ModelSettings(path: source.path, values: [:]))
      .require([(tensor.name, tensor.shape.dimensions)])
    try source.read(tensor.name, elements: 0..<values.count, into: values)
    guard values.allSatisfy(\.isFinite) else {
      throw ModelError(
        .nonfinite, in: source.path, tensor: tensor.name,
        "some of its weights are NaN, infinite or beyond binary32")
    }
  }

  /// The elements of a tensor; valid while the parameters are.
  public subscript(tensor: Tensor) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(
      start: elements.pointer + tensor.elements.lowerBound, count: tensor.elements.count)
  }

  /// The elements of one of the model's tensors; valid while the parameters are.
  ///
  /// - Parameter name: one of ``names``.
  subscript(name: TensorName) -> UnsafeMutableBufferPointer<Float> {
    guard let place = places[name] else { preconditionFailure("\(name) is no parameter") }
    return self[tensors[place]]
  }

  /// Sets every number to 0.
  public func clear() { elements.pointer.update(repeating: 0, count: elements.count) }

  // MARK: StateDict

  /// The names of all tensors.
  public var names: [TensorName] { tensors.map(\.name) }

  /// The shape of a tensor, or `nil` if there is none of that name.
  public func shape(of name: TensorName) -> Shape? {
    places[name].map { tensors[$0].shape }
  }

  /// Copies elements of a tensor.
  public func read(
    _ name: TensorName, elements: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) {
    _ = target.update(fromContentsOf: self[name][elements])
  }
}

extension ModelParameters {
  /// The parameters of a linear layer.
  struct Linear {
    /// [inputs, outputs], or [outputs, inputs] if it is stored transposed.
    let weight: UnsafeMutableBufferPointer<Float>
    /// [outputs], if there is one.
    let bias: UnsafeMutableBufferPointer<Float>?
    let outputs: Int
    let isTransposed: Bool

    var inputs: Int { weight.count / outputs }

    /// The weight as a factor, [inputs, outputs].
    var factor: Factor {
      Factor(
        elements: weight.start, stride: isTransposed ? inputs : outputs, isTransposed: isTransposed)
    }
  }

  func linear(_ name: String, isTransposed: Bool) -> Linear {
    let bias = self["\(name).bias"]
    return Linear(
      weight: self["\(name).weight"], bias: bias, outputs: bias.count, isTransposed: isTransposed)
  }

  private subscript(name: String) -> UnsafeMutableBufferPointer<Float> { self[TensorName(name)] }

  /// What normalized channels are multiplied by, and what is added.
  func norm(_ name: String) -> (
    weight: UnsafeMutablePointer<Float>, bias: UnsafeMutablePointer<Float>
  ) {
    (self["\(name).weight"].start, self["\(name).bias"].start)
  }
}

extension UnsafeMutableBufferPointer<Float> {
  /// The first element of parameters, which are never empty.
  var start: UnsafeMutablePointer<Float> {
    guard let start = baseAddress else { preconditionFailure("parameters are never empty") }
    return start
  }
}
