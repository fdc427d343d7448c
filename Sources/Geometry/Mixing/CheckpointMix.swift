import Checkpoints
import Tensors

/// A checkpoint made of several: θ = Σ cᵢ θᵢ, tensor by tensor.
///
/// Names, order, types and metadata are those of the first checkpoint. Tensors are matched by
/// canonical names. Buffers, and tensors that another checkpoint lacks, are the first's; tensors
/// that the first lacks are left out. An output head that another checkpoint does not store is
/// taken as tied to its token embedding. Tensors of integers must be the same in all.
public struct CheckpointMix: Sendable {
  /// What is done about a tensor.
  public enum Treatment: String, CaseIterable, Sendable {
    case mixed
    /// A tensor of integers, the same in all checkpoints.
    case equal = "equal in all"
    case buffer
    case onlyInFirst = "only in first"
  }

  /// One tensor of the result.
  public struct Tensor: Sendable {
    /// Its name and what it says.
    public let name: ParameterName
    /// The first checkpoint's.
    public let record: TensorRecord
    /// What is done about it.
    public let treatment: Treatment
    /// One for each checkpoint; of a tensor that is not mixed, 1 for the first.
    public let coefficients: [Double]
    /// Of a tensor that is interpolated spherically, α; else `nil`.
    public let sphericalAlpha: Double?
    /// How its elements are computed.
    public let combiner: Combiner
  }

  /// The tensors of the result, in the order of the first checkpoint.
  public let tensors: [Tensor]
  /// Canonical names of tensors that only others have, buffers aside, each once.
  public let leftOut: [TensorName]
  /// The checkpoints, the first one first.
  public let models: [ParameterList]

  /// Plans a mix.
  ///
  /// - Parameters:
  ///   - models: the checkpoints, at least one.
  ///   - dtype: the type of the result's floating-point parameters; `nil` for the first's types.
  ///   - resources: what may be used to find the angles of spherical weights.
  ///   - weighting: how to weigh the tensors of a canonical name.
  /// - Throws: `CheckpointError` if tensors of one name differ in shape, integers differ, there is
  ///   nothing to mix, or a file cannot be read.
  public init(
    _ models: [ParameterList], dtype: DType? = nil, using resources: WalkResources,
    weighting: (TensorName) -> Weighting
  ) throws {
    let matched = try MatchedTensors(models)
    let cosines = try matched.cosines(using: resources) { weighting($0).isSpherical }
    let planner = MixPlanner(matched: matched, dtype: dtype, cosines: cosines)
    self.models = models
    tensors = matched.matches.map { planner.tensor($0, weighting($0.name.canonical)) }
    leftOut = matched.leftOut
  }

  /// What the result's file will hold.
  public var entries: [SafetensorsWriter.Entry] {
    tensors.map { .init(name: $0.record.name, dtype: $0.combiner.dtype, shape: $0.record.shape) }
  }

  /// What a computation finds out on its way.
  public struct Outcome: Sendable {
    /// What became of the elements of each tensor.
    public let tallies: [CombinationTally]
    /// The digests of each checkpoint.
    public let digests: [ModelDigests]
  }

  /// Computes everything, and takes the digests of the checkpoints while their bytes are at hand.
  ///
  /// - Parameters:
  ///   - resources: how much of the machine to use; the bytes do not depend on it.
  ///   - write: takes elements of a tensor, from several threads: their bytes, the tensor's
  ///     position, and the position of the first element.
  /// - Returns: what became of elements, and digests.
  /// - Throws: what `write` throws; `CheckpointError` if a file cannot be read to its end.
  /// - Complexity: one read of every file; memory independent of their size.
  public func combine(
    using resources: WalkResources,
    _ write: @escaping @Sendable (UnsafeRawBufferPointer, Int, Int) throws -> Void
  ) throws -> Outcome {
    let walk = MixWalk(self)
    let tallies = try walk.run(using: resources, write)
    releasePages(of: models.flatMap(\.checkpoint.files), threads: resources.threads)
    return Outcome(tallies: tallies, digests: walk.digests)
  }
}

/// Finds the coefficients of every tensor.
private struct MixPlanner {
  let matched: MatchedTensors
  let dtype: DType?
  let cosines: [TensorName: Double]

  func tensor(_ match: MatchedTensors.Match, _ weighting: Weighting) -> CheckpointMix.Tensor {
    let isMixed = match.treatment == .mixed
    let alpha: Double? = if case .spherical(let alpha) = weighting, isMixed { alpha } else { nil }
    let alone = [1] + [Double](repeating: 0, count: matched.models.count - 1)
    let cosine = cosines[match.name.canonical] ?? .nan
    let coefficients = isMixed ? weighting.coefficients(cosine: cosine) : alone
    let stays = match.treatment == .buffer || !match.records[0].dtype.isFloatingPoint
    return CheckpointMix.Tensor(
      name: match.name, record: match.records[0], treatment: match.treatment,
      coefficients: coefficients, sphericalAlpha: alpha,
      combiner: Combiner(
        match.records, coefficients: Array(coefficients.prefix(match.records.count)),
        dtype: stays ? match.records[0].dtype : dtype ?? match.records[0].dtype))
  }
}
