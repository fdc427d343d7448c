import Tensors

extension GPT2Configuration {
  /// What a model is like that has no weights yet, as settings alone say.
  ///
  /// - Parameters:
  ///   - settings: those of `config.json`: `n_layer`, `n_embd`, `n_head`, `vocab_size`, `n_positions`
  ///     must be set; `n_inner` is 4 · `n_embd` if it is not.
  ///   - classCount: how many classes the model tells apart, if it predicts no tokens.
  /// - Throws: ``ModelError`` if one is missing or unusable, or asks for another model.
  public init(settings: ModelSettings, classCount: Int? = nil) throws {
    try self.init(of: PlannedWeights(settings), settings: settings, classCount: classCount)
  }
}

/// The shapes that weights are to have.
private struct PlannedWeights: StateDict {
  let path: String
  private var shapes: [TensorName: Shape] = [:]

  init(_ settings: ModelSettings) throws {
    path = settings.path
    let width = try settings.extent("n_embd")
    let inner = settings.has("n_inner") ? try settings.extent("n_inner") : 4 * width
    let words = try settings.extent("vocab_size")
    plan("wte.weight", words, width)
    plan("wpe.weight", try settings.extent("n_positions"), width)
    plan("ln_f.weight", width)
    plan("ln_f.bias", width)
    if try settings.flag("tie_word_embeddings") == false { plan("lm_head.weight", words, width) }
    for layer in 0..<(try settings.extent("n_layer")) { plan(layer, width, inner) }
  }

  var names: [TensorName] { Array(shapes.keys) }

  func shape(of name: TensorName) -> Shape? { shapes[name] }

  /// There are none, so each is 0.
  func read(
    _ name: TensorName, elements: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) { target.update(repeating: 0) }

  private mutating func plan(_ name: String, _ extents: Int...) {
    shapes[TensorName(name)] = Shape(extents)
  }

  private mutating func plan(_ layer: Int, _ width: Int, _ inner: Int) {
    let name = "h.\(layer)"
    for norm in ["ln_1", "ln_2"] {
      plan("\(name).\(norm).weight", width)
      plan("\(name).\(norm).bias", width)
    }
    let linears = [
      ("attn.c_attn", width, 3 * width), ("attn.c_proj", width, width),
      ("mlp.c_fc", width, inner), ("mlp.c_proj", inner, width),
    ]
    for (linear, inputs, outputs) in linears {
      plan("\(name).\(linear).weight", inputs, outputs)
      plan("\(name).\(linear).bias", outputs)
    }
  }
}
