import Tensors

/// What a GPT-2 is like, apart from its weights: extents, and the functions between them.
///
/// A configuration exists only if every tensor that it needs is there with the shape it needs.
///
/// Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3,
/// and `GPT2Config` of `transformers`, from which the names and defaults of settings are.
public struct GPT2Configuration: Hashable, Sendable {
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
  /// Whether the output head is the token embedding.
  public let isHeadTied: Bool
  /// Whether scores are divided by the root of a head's channels.
  public let scalesAttention: Bool
  /// Whether scores of layer l, counted from 0, are divided by l + 1 besides.
  public let scalesAttentionByLayer: Bool

  /// Channels of one head.
  public var headWidth: Int { width / headCount }

  /// Reads extents off the shapes of weights, and the rest from settings.
  ///
  /// Settings that are missing have the defaults of `transformers`; how many heads there are cannot
  /// be seen in any shape and has none. Without settings an output head counts as tied if none is
  /// stored. If settings say that it is tied, a stored one is not used.
  ///
  /// - Parameters:
  ///   - weights: matrices as GPT-2 stores them, [inputs, outputs].
  ///   - settings: those of `config.json`, if there is one.
  ///   - headCount: how many heads there are; takes precedence over the settings.
  /// - Throws: ``ModelError`` if settings ask for another model, contradict the shapes, or do not
  ///   say how many heads there are; or if a tensor is missing or has another shape.
  public init(
    of weights: some StateDict, settings: ModelSettings?, headCount: Int? = nil
  ) throws {
    let settings = settings ?? ModelSettings(path: weights.path, values: [:])
    try GPT2Configuration.refuseOtherModels(settings)
    let shapes = WeightShapes(weights: weights, settings: settings)
    let embedding = try shapes.matrix("wte.weight")
    (vocabularySize, width) = embedding
    contextLength = try shapes.matrix("wpe.weight").rows
    innerWidth = try shapes.matrix("h.0.mlp.c_fc.weight").columns
    layerCount = shapes.layerCount
    self.headCount = try shapes.headCount(given: headCount, width: embedding.columns)
    activation = try GPT2Configuration.activation(settings)
    layerNormEpsilon = try settings.number("layer_norm_epsilon") ?? 1e-5
    let tie = settings.values.isEmpty ? nil : try settings.flag("tie_word_embeddings") ?? true
    isHeadTied = tie ?? (weights.shape(of: GPT2Configuration.headName) == nil)
    scalesAttention = try settings.flag("scale_attn_weights") ?? true
    scalesAttentionByLayer = try settings.flag("scale_attn_by_inverse_layer_idx") ?? false
    try requireAgreement(of: settings)
    try shapes.require(tensors)
  }

  /// What scores of attention are multiplied by in a layer.
  ///
  /// - Parameter layer: counted from 0.
  /// - Returns: 1/√(channels of a head), unless settings say otherwise.
  public func attentionScale(inLayer layer: Int) -> Double {
    let scale = scalesAttention ? 1 / Double(headWidth).squareRoot() : 1
    return scalesAttentionByLayer ? scale / Double(layer + 1) : scale
  }

  /// The output head, where it is not the token embedding.
  static let headName: TensorName = "lm_head.weight"

  /// Every tensor that the model needs, with its extents.
  public var tensors: [(name: TensorName, extents: [Int])] {
    let ends: [(TensorName, [Int])] = [
      ("wte.weight", [vocabularySize, width]), ("wpe.weight", [contextLength, width]),
      ("ln_f.weight", [width]), ("ln_f.bias", [width]),
    ]
    let head = isHeadTied ? [] : [(GPT2Configuration.headName, [vocabularySize, width])]
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
  /// Checks a window before it is read.
  ///
  /// - Parameters:
  ///   - tokens: of the window.
  ///   - count: how many of them are read.
  ///   - window: its number, for messages.
  ///   - path: the model, for messages.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary, or there are too many.
  func require(_ tokens: [Int32], reading count: Int, window: Int, path: String) throws {
    guard count <= contextLength else {
      throw ModelError(
        .unusableTokens, in: path,
        "window \(window) has \(count) tokens to read, but the context holds \(contextLength)")
    }
    let words = vocabularySize
    guard let position = tokens.firstIndex(where: { $0 < 0 || Int($0) >= words }) else { return }
    throw ModelError(
      .unusableTokens, in: path,
      "window \(window) has token \(tokens[position]) at position \(position), but the vocabulary "
        + "has 0 to \(words - 1)")
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
    if settings.has("quantization_config") {
      throw ModelError(
        .unsupported, in: settings.path, "quantization_config is set, which is not supported")
    }
  }

  private static func activation(_ settings: ModelSettings) throws -> Activation {
    switch try settings.text("activation_function") ?? "gelu_new" {
    case "gelu_new", "gelu_pytorch_tanh", "gelu_fast": return .tanh
    case "gelu": return .erf
    case "relu": return .relu
    default:
      throw settings.refusal(
        of: "activation_function",
        "not one of gelu_new, gelu_pytorch_tanh, gelu_fast, gelu and relu")
    }
  }

  /// Extents that settings repeat must be those of the shapes.
  private func requireAgreement(of settings: ModelSettings) throws {
    let extents = [
      ("n_layer", layerCount), ("n_embd", width), ("vocab_size", vocabularySize),
      ("n_positions", contextLength), ("n_inner", innerWidth),
    ]
    for (name, extent) in extents {
      guard let value = try settings.integer(name), value != extent else { continue }
      throw settings.refusal(
        of: name, "but the shapes of the weights say \(extent)", as: .mismatch)
    }
    guard layerNormEpsilon >= 0 else {
      throw settings.refusal(of: "layer_norm_epsilon", "and must not be negative")
    }
  }
}

/// What the shapes of weights say.
private struct WeightShapes<Weights: StateDict> {
  let weights: Weights
  let settings: ModelSettings

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
      throw ModelError(.missing, in: weights.path, tensor: name, "is missing; GPT-2 needs it")
    }
    return shape.dimensions
  }

  /// How many layers are stored, by the tensor that each has.
  var layerCount: Int {
    var count = 0
    while weights.shape(of: TensorName("h.\(count).ln_1.weight")) != nil { count += 1 }
    return count
  }

  func headCount(given: Int?, width: Int) throws -> Int {
    guard let count = try given ?? settings.integer("n_head") else {
      throw ModelError(
        .unknown, in: settings.path,
        "no config.json says how many attention heads there are (n_head), and shapes cannot")
    }
    guard count > 0, width % count == 0 else {
      throw ModelError(
        .mismatch, in: settings.path, "\(count) attention heads cannot share \(width) channels")
    }
    guard width / count <= widestHead else {
      throw ModelError(
        .unsupported, in: settings.path,
        "attention heads of \(width / count) channels are too wide; \(widestHead) are supported")
    }
    return count
  }

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
