import Tensors

/// What a GPT-2 is like, apart from its weights: extents, and the functions between them.
///
/// A configuration exists only if every tensor that it needs is there with the shape it needs.
///
/// Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3,
/// and `GPT2Config` of `transformers`, from which the names and defaults of settings are.
public struct GPT2Configuration: LayerExtents, Hashable, Sendable {
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
  /// How many positions a window may have.
  public let contextLength: Int
  /// What neurons of the hidden layer compute.
  public let activation: Activation
  /// What normalization adds to the variance.
  public let layerNormEpsilon: Double
  /// What the last normalization is multiplied by.
  public let head: Head
  /// Whether scores are divided by the root of a head's channels.
  public let scalesAttention: Bool
  /// Whether scores of layer l, counted from 0, are divided by l + 1 besides.
  public let scalesAttentionByLayer: Bool

  /// What the last normalization is multiplied by.
  public enum Head: Hashable, Sendable {
    /// The token embedding: logits of tokens.
    case tied
    /// `lm_head.weight`: logits of tokens.
    case untied
    /// `score.weight`: logits of classes, of which there are `count`, at the last token of a sequence
    /// that is not the padding token.
    case classes(count: Int, paddingToken: Int?)
  }

  /// Channels of one head.
  public var headWidth: Int { width / headCount }

  /// Reads extents off the shapes of weights, and the rest from settings.
  ///
  /// Settings that are missing have the defaults of `transformers`; how many heads there are cannot
  /// be seen in any shape and has none. Without settings an output head counts as tied if none is
  /// stored. If settings say that it is tied, a stored one is not used. A head that tells classes
  /// apart need not be stored.
  ///
  /// - Parameters:
  ///   - weights: matrices as GPT-2 stores them, [inputs, outputs].
  ///   - settings: those of `config.json`, if there is one.
  ///   - headCount: how many heads there are; takes precedence over the settings.
  ///   - classCount: how many classes the model tells apart, if it predicts no tokens.
  /// - Throws: ``ModelError`` if settings ask for another model, contradict the shapes, or do not
  ///   say how many heads there are; if the model is to predict tokens and, by `architectures`, has
  ///   no head for them, which weights alone cannot tell; or if a tensor is missing or has another
  ///   shape.
  public init(
    of weights: some StateDict, settings: ModelSettings?, headCount: Int? = nil,
    classCount: Int? = nil
  ) throws {
    let settings = settings ?? ModelSettings(path: weights.path, values: [:])
    try GPT2Configuration.refuseOtherModels(settings)
    if classCount == nil { try GPT2Configuration.requireTokenHead(settings) }
    let shapes = WeightShapes(weights: weights, settings: settings)
    let embedding = try shapes.matrix("wte.weight")
    (vocabularySize, width) = embedding
    contextLength = try shapes.matrix("wpe.weight").rows
    innerWidth = try shapes.matrix("h.0.mlp.c_fc.weight").columns
    layerCount = shapes.layerCount { "h.\($0).ln_1.weight" }
    self.headCount = try settings.headCount(
      given: headCount, setting: "n_head", width: embedding.columns)
    activation = try settings.activation("activation_function") ?? .tanh
    layerNormEpsilon = try settings.number("layer_norm_epsilon") ?? 1e-5
    head = try GPT2Configuration.head(of: weights, settings, classCount)
    scalesAttention = try settings.flag("scale_attn_weights") ?? true
    scalesAttentionByLayer = try settings.flag("scale_attn_by_inverse_layer_idx") ?? false
    try requireAgreement(of: settings)
    try shapes.require(tensors.filter { $0.name != GPT2Configuration.scoreName })
  }

  private static func head(
    of weights: some StateDict, _ settings: ModelSettings, _ classCount: Int?
  ) throws -> Head {
    if let classCount {
      return .classes(count: classCount, paddingToken: try settings.integer("pad_token_id"))
    }
    let tie = settings.values.isEmpty ? nil : try settings.flag("tie_word_embeddings") ?? true
    return tie ?? (weights.shape(of: "lm_head.weight") == nil) ? .tied : .untied
  }

  /// What scores of attention are multiplied by in a layer.
  ///
  /// - Parameter layer: counted from 0.
  /// - Returns: 1/√(channels of a head), unless settings say otherwise.
  public func attentionScale(inLayer layer: Int) -> Double {
    let scale = scalesAttention ? 1 / Double(headWidth).squareRoot() : 1
    return scalesAttentionByLayer ? scale / Double(layer + 1) : scale
  }

  /// The head that tells classes apart.
  static let scoreName: TensorName = "score.weight"

  /// Whether the output head is the token embedding.
  public var isHeadTied: Bool { head == .tied }

  /// The tensor that is the output head.
  public var headName: TensorName {
    switch head {
    case .tied: "wte.weight"
    case .untied: "lm_head.weight"
    case .classes: GPT2Configuration.scoreName
    }
  }

  /// Whether the head tells classes apart, rather than tokens.
  public var classifies: Bool { headName == GPT2Configuration.scoreName }

  /// How many logits there are: one for each token, or for each class.
  public var logitCount: Int {
    if case .classes(let count, _) = head { count } else { vocabularySize }
  }

  /// Every tensor that the model needs, with its extents.
  public var tensors: [(name: TensorName, extents: [Int])] {
    let ends: [(TensorName, [Int])] = [
      ("wte.weight", [vocabularySize, width]), ("wpe.weight", [contextLength, width]),
      ("ln_f.weight", [width]), ("ln_f.bias", [width]),
    ]
    let head = isHeadTied ? [] : [(headName, [logitCount, width])]
    return ends + head + (0..<layerCount).flatMap { tensors(ofLayer: $0) }
  }

  private func tensors(ofLayer layer: Int) -> [(TensorName, [Int])] {
    [
      ("ln_1.weight", [width]), ("ln_1.bias", [width]),
      ("attn.c_attn.weight", [width, 3 * width]), ("attn.c_attn.bias", [3 * width]),
      ("attn.c_proj.weight", [width, width]), ("attn.c_proj.bias", [width]),
      ("ln_2.weight", [width]), ("ln_2.bias", [width]),
      ("mlp.c_fc.weight", [width, innerWidth]), ("mlp.c_fc.bias", [innerWidth]),
      ("mlp.c_proj.weight", [innerWidth, width]), ("mlp.c_proj.bias", [width]),
    ].map { (TensorName("h.\(layer).\($0.0)"), $0.1) }
  }
}

extension GPT2Configuration {
  private static func refuseOtherModels(_ settings: ModelSettings) throws {
    if let type = try settings.text("model_type"), type != "gpt2" {
      throw settings.refusal(of: "model_type", "and only gpt2 can be run")
    }
    if try settings.flag("add_cross_attention") ?? false {
      throw settings.refusal(of: "add_cross_attention", "which is not supported")
    }
    try settings.refuseQuantization()
  }

  private static func requireTokenHead(_ settings: ModelSettings) throws {
    let otherHeads = ["Classification", "QuestionAnswering"]
    if let names = settings.names("architectures"),
      names.allSatisfy({ name in otherHeads.contains(where: name.hasSuffix) })
    {
      throw settings.refusal(of: "architectures", "which has no head for tokens")
    }
  }

  /// Extents that settings repeat must be those of the shapes.
  private func requireAgreement(of settings: ModelSettings) throws {
    try settings.requireAgreement(with: [
      ("n_layer", layerCount), ("n_embd", width), ("vocab_size", vocabularySize),
      ("n_positions", contextLength), ("n_inner", innerWidth),
    ])
    guard layerNormEpsilon >= 0 else {
      throw settings.refusal(of: "layer_norm_epsilon", "and must not be negative")
    }
  }
}
