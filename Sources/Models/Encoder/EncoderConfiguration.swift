import Tensors

/// What an encoder of the BERT family is like, apart from its weights.
///
/// A configuration exists only if every tensor that it needs is there with the shape it needs.
///
/// Source: Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers for Language
/// Understanding", section 3, Liu et al. 2019, "RoBERTa: A Robustly Optimized BERT Pretraining
/// Approach", and `BertConfig` and `RobertaConfig` of `transformers`, from which the names and
/// defaults of settings are.
public struct EncoderConfiguration: LayerExtents, Hashable, Sendable {
  /// Which model of the family it is.
  public let family: ClassifierFamily
  /// How many layers there are.
  public let layerCount: Int
  /// Channels of the residual stream.
  public let width: Int
  /// Heads of attention in a layer.
  public let headCount: Int
  /// Neurons of the hidden layer.
  public let innerWidth: Int
  /// How many different tokens there are.
  public let vocabularySize: Int
  /// Rows of the table of positions.
  public let positionCount: Int
  /// Rows of the table of token types, of which the first is used.
  public let typeCount: Int
  /// What neurons of the hidden layer compute.
  public let activation: Activation
  /// What normalization adds to the variance.
  public let layerNormEpsilon: Double
  /// The token that RoBERTa fills up sequences with, whose own position is its number; `nil` for
  /// BERT, to which it is like any other.
  public let paddingToken: Int?
  /// The standard deviation of weights that are drawn.
  public let initializerRange: Double
  /// How many classes the head tells apart, if there is one.
  public let classCount: Int?

  /// Channels of one head.
  public var headWidth: Int { width / headCount }
  /// The row of the table of positions that belongs to a sequence's first token.
  public var firstPosition: Int { paddingToken.map { $0 + 1 } ?? 0 }
  /// The most tokens of a sequence.
  public var contextLength: Int { positionCount - firstPosition }

  /// Reads extents off the shapes of weights, and the rest from settings. A head need not be stored.
  ///
  /// - Parameters:
  ///   - family: RoBERTa or BERT.
  ///   - weights: matrices as `Linear` stores them, [outputs, inputs].
  ///   - settings: those of `config.json`.
  ///   - classCount: how many classes the head tells apart, if there is one.
  /// - Throws: ``ModelError`` if settings ask for another model, contradict the shapes, or do not
  ///   say how many heads there are; or if a tensor is missing or has another shape.
  public init(
    _ family: ClassifierFamily, of weights: some StateDict, settings: ModelSettings,
    classCount: Int? = nil
  ) throws {
    try EncoderConfiguration.refuseOtherModels(settings)
    let shapes = WeightShapes(weights: weights, settings: settings)
    try self.init(family, settings, Extents(shapes), classCount)
    try requireAgreement(of: settings)
    try shapes.require(encoderTensors)
  }

  /// What an encoder is like that has no weights yet, as settings alone say.
  ///
  /// - Parameters:
  ///   - family: RoBERTa or BERT.
  ///   - settings: those of `config.json`: `vocab_size`, `hidden_size`, `num_hidden_layers`,
  ///     `num_attention_heads`, `intermediate_size` and `max_position_embeddings` must be set;
  ///     `type_vocab_size` is 2 if it is not.
  ///   - classCount: how many classes the head tells apart.
  /// - Throws: ``ModelError`` if one is missing or unusable, or asks for another model.
  public init(_ family: ClassifierFamily, settings: ModelSettings, classCount: Int) throws {
    try EncoderConfiguration.refuseOtherModels(settings)
    try self.init(family, settings, Extents(settings), classCount)
    try requireAgreement(of: settings)
  }

  private init(
    _ family: ClassifierFamily, _ settings: ModelSettings, _ extents: Extents, _ classCount: Int?
  ) throws {
    (self.family, self.classCount) = (family, classCount)
    (vocabularySize, width) = (extents.vocabulary, extents.width)
    (positionCount, typeCount) = (extents.positions, extents.types)
    (innerWidth, layerCount) = (extents.inner, extents.layers)
    headCount = try settings.headCount(setting: "num_attention_heads", width: extents.width)
    activation = try settings.activation("hidden_act") ?? .erf
    layerNormEpsilon = try settings.number("layer_norm_eps") ?? 1e-12
    paddingToken = family == .roberta ? try settings.integer("pad_token_id") ?? 1 : nil
    initializerRange = try settings.number("initializer_range") ?? 0.02
  }

  /// Every tensor of the encoder and its head, with its extents.
  public var tensors: [(name: TensorName, extents: [Int])] { encoderTensors + headTensors }

  /// The tensors of the encoder.
  private var encoderTensors: [(name: TensorName, extents: [Int])] {
    let tables: [(TensorName, [Int])] = [
      ("embeddings.word_embeddings.weight", [vocabularySize, width]),
      ("embeddings.position_embeddings.weight", [positionCount, width]),
      ("embeddings.token_type_embeddings.weight", [typeCount, width]),
      ("embeddings.LayerNorm.weight", [width]), ("embeddings.LayerNorm.bias", [width]),
    ]
    return tables + (0..<layerCount).flatMap { tensors(ofLayer: $0) }
  }

  /// The tensors of the head, if there is one.
  var headTensors: [(name: TensorName, extents: [Int])] {
    guard let classCount else { return [] }
    let names = EncoderClassifier.headNames(family)
    return [
      (TensorName("\(names.dense).weight"), [width, width]),
      (TensorName("\(names.dense).bias"), [width]),
      (TensorName("\(names.output).weight"), [classCount, width]),
      (TensorName("\(names.output).bias"), [classCount]),
    ]
  }

  private func tensors(ofLayer layer: Int) -> [(TensorName, [Int])] {
    let matrices = [
      ("attention.self.query", width, width), ("attention.self.key", width, width),
      ("attention.self.value", width, width), ("attention.output.dense", width, width),
      ("intermediate.dense", innerWidth, width), ("output.dense", width, innerWidth),
    ].flatMap { [("\($0).weight", [$1, $2]), ("\($0).bias", [$1])] }
    let norms = ["attention.output.LayerNorm", "output.LayerNorm"].flatMap {
      [("\($0).weight", [width]), ("\($0).bias", [width])]
    }
    return (matrices + norms).map { (TensorName("encoder.layer.\(layer).\($0.0)"), $0.1) }
  }
}

/// The extents of an encoder.
private struct Extents {
  let vocabulary: Int
  let width: Int
  let positions: Int
  let types: Int
  let inner: Int
  let layers: Int

  /// Those of weights.
  init(_ shapes: WeightShapes<some StateDict>) throws {
    (vocabulary, width) = try shapes.matrix("embeddings.word_embeddings.weight")
    positions = try shapes.matrix("embeddings.position_embeddings.weight").rows
    types = try shapes.matrix("embeddings.token_type_embeddings.weight").rows
    inner = try shapes.matrix("encoder.layer.0.intermediate.dense.weight").rows
    layers = shapes.layerCount { "encoder.layer.\($0).attention.self.query.weight" }
  }

  /// Those that settings ask for.
  init(_ settings: ModelSettings) throws {
    vocabulary = try settings.extent("vocab_size")
    width = try settings.extent("hidden_size")
    positions = try settings.extent("max_position_embeddings")
    types = settings.has("type_vocab_size") ? try settings.extent("type_vocab_size") : 2
    inner = try settings.extent("intermediate_size")
    layers = try settings.extent("num_hidden_layers")
  }
}

extension EncoderConfiguration {
  private static func refuseOtherModels(_ settings: ModelSettings) throws {
    for name in ["is_decoder", "add_cross_attention"] where try settings.flag(name) ?? false {
      throw settings.refusal(of: name, "which is not supported")
    }
    if let kind = try settings.text("position_embedding_type"), kind != "absolute" {
      throw settings.refusal(
        of: "position_embedding_type", "and only absolute positions are supported")
    }
    try settings.refuseQuantization()
  }

  /// Extents that settings repeat must be those of the shapes.
  private func requireAgreement(of settings: ModelSettings) throws {
    try settings.requireAgreement(with: [
      ("num_hidden_layers", layerCount), ("hidden_size", width), ("vocab_size", vocabularySize),
      ("max_position_embeddings", positionCount), ("intermediate_size", innerWidth),
      ("type_vocab_size", typeCount),
    ])
    for (name, value) in [
      ("layer_norm_eps", layerNormEpsilon), ("initializer_range", initializerRange),
    ] where value < 0 {
      throw settings.refusal(of: name, "and must not be negative")
    }
    // Read from the table first, so that a huge number cannot overflow.
    guard paddingToken.map({ $0 < positionCount && $0 < vocabularySize }) ?? true,
      contextLength >= 1
    else {
      throw settings.refusal(
        of: "pad_token_id", "which leaves none of \(positionCount) positions for tokens",
        as: .mismatch)
    }
  }
}
