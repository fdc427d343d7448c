import Checkpoints
import Geometry
import Models

/// GPT-2 checkpoints of one configuration, and a model that takes their mixtures.
public final class MixedLanguageModel: LanguageModelFamily {
  /// The checkpoints, in the order of coefficients.
  public let checkpoints: [ParameterList]
  /// Their tensors, matched; weighed anew at each point.
  public let weights: MixedStateDict
  /// Holds one mixture at a time; what is loaded into it other than by ``at(_:threads:)`` that does not
  /// know of.
  public let model: GPT2
  private var loaded: [Double]?

  /// Matches checkpoints and allocates a model for their mixtures.
  ///
  /// - Parameters:
  ///   - checkpoints: at least one; a `config.json` is looked for beside each, and one that has
  ///     none counts as the first.
  ///   - precision: how to hold the weights of matrices.
  ///   - headCount: heads of attention, where no configuration tells.
  ///   - weighting: how weights of tensors follow from coefficients.
  ///   - resources: what may be used to find angles, if it is spherical.
  /// - Throws: `ModelError` if a checkpoint is no GPT-2, or they are not of one configuration;
  ///   `CheckpointError` if tensors of one name differ in shape, or a file cannot be read.
  public init(
    _ checkpoints: [ParameterList], precision: Precision, headCount: Int?,
    weighting: PointWeighting = .alike,
    using resources: WalkResources = WalkResources(threads: 1, scratchByteCount: 0)
  ) throws {
    precondition(!checkpoints.isEmpty)
    let configurations = try GPT2Configuration.configurations(of: checkpoints, headCount: headCount)
    for (checkpoint, configuration) in zip(checkpoints, configurations) {
      try configuration.requireSameFunction(
        as: configurations[0], paths: (checkpoint.checkpoint.path, checkpoints[0].checkpoint.path))
    }
    let first = checkpoints.indices.map { $0 == 0 ? 1.0 : 0 }
    weights = try MixedStateDict(
      checkpoints, coefficients: first, weighting: weighting, using: resources)
    model = GPT2(configurations[0], precision: precision)
    self.checkpoints = checkpoints
  }

  /// Weights are mixed.
  public var combination: ModelCombination { .weights }
  /// How many different tokens there are.
  public var vocabularySize: Int { model.vocabularySize }
  /// How many positions a window may have.
  public var contextLength: Int { model.contextLength }
  /// The memory that the one model takes.
  public var byteCount: Int { model.byteCount }

  /// The memory that each thread takes besides.
  ///
  /// - Parameter positions: the most that are taken at once.
  /// - Returns: bytes.
  public func scratchByteCount(positions: Int) -> Int {
    model.scratchByteCount(positions: positions)
  }

  /// Loads Σ cᵢ θᵢ, if it is not what was loaded last; the model holds it until the next call.
  ///
  /// - Parameters:
  ///   - coefficients: one for each checkpoint, finite, not all 0.
  ///   - threads: how many work at once.
  /// - Returns: the model.
  /// - Throws: `CheckpointError` or `ModelError` if weights cannot be read or are not finite.
  public func at(
    _ coefficients: [Double], threads: Int
  ) throws -> any CausalLanguageModel {
    guard coefficients != loaded else { return model }
    loaded = nil
    try model.load(weights.at(coefficients), threads: threads)
    loaded = coefficients
    return model
  }
}

extension GPT2Configuration {
  /// What checkpoints are like; one without a `config.json` beside it counts as the first.
  ///
  /// - Throws: `ModelError` if a checkpoint is no GPT-2; `CheckpointError` if a file cannot be read.
  static func configurations(
    of checkpoints: [ParameterList], headCount: Int?
  ) throws -> [GPT2Configuration] {
    let settings = try checkpoints.map { checkpoint in
      try ModelConfiguration(beside: checkpoint.checkpoint).map {
        ModelSettings(path: $0.path, values: $0.settings)
      }
    }
    return try zip(checkpoints, settings).map { checkpoint, own in
      try GPT2Configuration(
        of: MixedStateDict(checkpoint), settings: own ?? settings[0], headCount: headCount)
    }
  }

  /// Checks that weights of two models mean the same: all but whether the head is stored.
  ///
  /// - Throws: `ModelError` naming what differs.
  fileprivate func requireSameFunction(
    as other: GPT2Configuration, paths: (String, String)
  ) throws {
    let facts: [(String, String, String)] = [
      ("layers", "\(layerCount)", "\(other.layerCount)"), ("width", "\(width)", "\(other.width)"),
      ("heads", "\(headCount)", "\(other.headCount)"),
      ("hidden neurons", "\(innerWidth)", "\(other.innerWidth)"),
      ("vocabulary", "\(vocabularySize)", "\(other.vocabularySize)"),
      ("context", "\(contextLength)", "\(other.contextLength)"),
      ("activation", "\(activation)", "\(other.activation)"),
      ("layer_norm_epsilon", "\(layerNormEpsilon)", "\(other.layerNormEpsilon)"),
      ("scale_attn_weights", "\(scalesAttention)", "\(other.scalesAttention)"),
      (
        "scale_attn_by_inverse_layer_idx", "\(scalesAttentionByLayer)",
        "\(other.scalesAttentionByLayer)"
      ),
    ]
    guard let (name, mine, theirs) = facts.first(where: { $0.1 != $0.2 }) else { return }
    throw ModelError(
      .mismatch, in: paths.0,
      "\(name) is \(mine), and \(theirs) in \(paths.1); only models of one "
        + "configuration can be mixed")
  }
}
