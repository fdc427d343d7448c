import Checkpoints
import Tensors

/// The weights of a model θ = Σ cᵢ θᵢ, computed as they are read: no merged file is written.
///
/// Every element has the bits that a mix in F32 would have: see ``CheckpointMix`` for which tensors
/// belong together and ``Combiner`` for the sums. Buffers are no weights, and a tensor that some
/// checkpoint lacks is missing here too. One checkpoint is a mixture of itself.
public struct MixedStateDict: StateDict {
  /// The paths of the checkpoints, the first one first.
  public let path: String
  /// Canonical names, in the order of the first checkpoint.
  public let names: [TensorName]
  /// Those of the point, one for each checkpoint.
  public private(set) var coefficients: [Double]
  private let matches: [TensorName: MatchedTensors.Match]
  /// Coefficients of tensors that have the same at all points.
  private let fixed: [TensorName: [Double]]
  /// Of all tensors, where they are interpolated spherically; else `nil`.
  private let cosines: [TensorName: Double]?
  private var combiners: [TensorName: Combiner] = [:]

  /// Elements computed at once.
  private static let pieceLength = 1 << 14

  /// Takes the weights of one checkpoint.
  ///
  /// - Parameter model: the checkpoint.
  /// - Throws: `CheckpointError` if it holds nothing but buffers and integers.
  public init(_ model: ParameterList) throws { try self.init([model], coefficients: [1]) }

  /// Matches the tensors of checkpoints, which is done once for all mixtures of them.
  ///
  /// - Parameters:
  ///   - models: at least one.
  ///   - coefficients: one for each, finite, not all 0.
  ///   - weighting: how weights of tensors follow from coefficients; if it is spherical, there are
  ///     two checkpoints, which are read once for the angles.
  ///   - resources: what may be used to find angles.
  /// - Throws: `CheckpointError` if tensors of one name differ in shape, integers differ, there is
  ///   nothing to mix, only a later checkpoint has an output head that is not its embedding, or a
  ///   file cannot be read.
  public init(
    _ models: [ParameterList], coefficients: [Double], weighting: PointWeighting = .alike,
    using resources: WalkResources = WalkResources(threads: 1, scratchByteCount: 0)
  ) throws {
    let matched = try MatchedTensors(models)
    try MixedStateDict.refuseHeads(in: matched)
    let shared = matched.matches.filter { $0.treatment == .mixed || $0.treatment == .equal }
    path = models.map(\.checkpoint.path).joined(separator: " + ")
    names = shared.map(\.name.canonical)
    matches = Dictionary(shared.map { ($0.name.canonical, $0) }, uniquingKeysWith: { $1 })
    fixed = shared.reduce(into: [:]) { $0[$1.name.canonical] = weighting.fixed($1.name.canonical) }
    cosines = weighting.isSpherical ? try matched.cosines(using: resources) { _ in true } : nil
    self.coefficients = coefficients
    weigh()
  }

  /// The mixture of the same checkpoints with other coefficients.
  ///
  /// - Parameter coefficients: one for each checkpoint, finite, not all 0.
  /// - Returns: the weights at that point.
  public func at(_ coefficients: [Double]) -> MixedStateDict {
    var mixture = self
    mixture.coefficients = coefficients
    mixture.weigh()
    return mixture
  }

  private mutating func weigh() {
    for (name, match) in matches where match.treatment == .mixed {
      combiners[name] = Combiner(
        match.records, coefficients: coefficients(of: name), dtype: .float32)
    }
  }

  private func coefficients(of name: TensorName) -> [Double] {
    let coefficients = fixed[name] ?? coefficients
    guard let cosines else { return coefficients }
    return Weighting.spherical(coefficients[1]).coefficients(cosine: cosines[name] ?? .nan)
  }

  /// A head of its own that a later checkpoint has would be lost if the first has none.
  private static func refuseHeads(in matched: MatchedTensors) throws {
    let missing = Set(matched.leftOut)
    for model in matched.models {
      guard let head = model.parameters.first(where: { $0.name.isOutputHead }),
        missing.contains(head.name.canonical)
      else { continue }
      throw CheckpointError(
        .unsupported, in: head.record.file.path, tensor: head.name.canonical,
        "is an output head of its own, but that of \(matched.models[0].checkpoint.path) is its "
          + "token embedding; name a checkpoint first that stores its head")
    }
  }

  /// The shape of a tensor, or `nil` if some checkpoint has none of that name.
  public func shape(of name: TensorName) -> Shape? { matches[name]?.records[0].shape }

  /// Computes elements of a tensor.
  ///
  /// - Parameters:
  ///   - name: one of ``names``.
  ///   - elements: positions in row-major order.
  ///   - target: takes them; as long as the range.
  /// - Throws: `CheckpointError` if a file has shrunk, or the tensor holds integers or is missing.
  public func read(
    _ name: TensorName, elements: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    precondition(elements.count == target.count)
    guard let combiner = combiners[name] else { throw refusal(of: name) }
    let piece = min(MixedStateDict.pieceLength, elements.count)
    try withUnsafeTemporaryAllocation(
      byteCount: combiner.scratchByteCount(elements: piece), alignment: 64
    ) { scratch in
      for first in stride(from: elements.lowerBound, to: elements.upperBound, by: max(piece, 1)) {
        let range = first..<min(first + piece, elements.upperBound)
        let part = UnsafeMutableBufferPointer(
          rebasing: target[(first - elements.lowerBound)...].prefix(range.count))
        let computed = try combiner.combine(range, scratch: scratch)
        UnsafeMutableRawBufferPointer(part).copyMemory(from: computed.bytes)
      }
    }
  }

  private func refusal(of name: TensorName) -> CheckpointError {
    guard let record = matches[name]?.records[0] else {
      return CheckpointError(.incomplete, in: path, tensor: name, "is missing")
    }
    return CheckpointError(
      .unsupported, in: record.file.path, tensor: name,
      "holds \(record.dtype.rawValue), and weights must be floating-point")
  }
}
