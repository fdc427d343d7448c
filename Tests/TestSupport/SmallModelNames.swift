import Checkpoints
import LinearAlgebra

/// How a family of models names and stores its weights.
public enum SmallModelNames: String, CaseIterable, Sendable {
  /// GPT-2, whose Conv1D stores inputs as rows and fuses queries, keys and values.
  case gpt2
  /// GPT-2's names with matrices stored as Linear does.
  case gpt2Linear
  case bert
  case fairseq
  /// Llama: with a gate, without positions.
  case llama
  /// No family's; ``map`` says what they are.
  case mapped

  /// The map of the names that are no family's.
  public static let map = """
    words = token, residual
    places = position, residual
    block.*.norm1 = residual
    block.*.norm2 = residual
    block.*.q = query, residual after block.*.norm1
    block.*.k = key, residual after block.*.norm1
    block.*.v = value, residual after block.*.norm1
    block.*.o = residual, context
    block.*.in = hidden, residual after block.*.norm2
    block.*.out = residual, hidden
    """

  /// Names within a layer; a `nil` matrix is not stored.
  fileprivate struct Table {
    var tokens, layer, query, key, value, output, up, down: String
    var positions, gate, attentionGain, hiddenGain: String?
  }

  fileprivate var table: Table {
    switch self {
    case .gpt2, .gpt2Linear:
      Table(
        tokens: "transformer.wte.weight", layer: "transformer.h.", query: "attn.c_attn.weight",
        key: "", value: "", output: "attn.c_proj.weight", up: "mlp.c_fc.weight",
        down: "mlp.c_proj.weight", positions: "transformer.wpe.weight",
        attentionGain: "ln_1.weight", hiddenGain: "ln_2.weight")
    case .bert:
      Table(
        tokens: "bert.embeddings.word_embeddings.weight", layer: "bert.encoder.layer.",
        query: "attention.self.query.weight", key: "attention.self.key.weight",
        value: "attention.self.value.weight", output: "attention.output.dense.weight",
        up: "intermediate.dense.weight", down: "output.dense.weight",
        positions: "bert.embeddings.position_embeddings.weight")
    case .fairseq:
      Table(
        tokens: "decoder.sentence_encoder.embed_tokens.weight",
        layer: "decoder.sentence_encoder.layers.", query: "self_attn.q_proj.weight",
        key: "self_attn.k_proj.weight", value: "self_attn.v_proj.weight",
        output: "self_attn.out_proj.weight", up: "fc1.weight", down: "fc2.weight",
        positions: "decoder.sentence_encoder.embed_positions.weight")
    case .llama:
      Table(
        tokens: "model.embed_tokens.weight", layer: "model.layers.",
        query: "self_attn.q_proj.weight", key: "self_attn.k_proj.weight",
        value: "self_attn.v_proj.weight", output: "self_attn.o_proj.weight",
        up: "mlp.up_proj.weight", down: "mlp.down_proj.weight", gate: "mlp.gate_proj.weight",
        attentionGain: "input_layernorm.weight", hiddenGain: "post_attention_layernorm.weight")
    case .mapped:
      Table(
        tokens: "words", layer: "block.", query: "q", key: "k", value: "v", output: "o", up: "in",
        down: "out", positions: "places", attentionGain: "norm1", hiddenGain: "norm2")
    }
  }
}

extension SmallModel {
  /// The model as a family stores it.
  ///
  /// - Parameter names: the family.
  /// - Returns: the tensors, in F32.
  public func tensors(_ names: SmallModelNames) -> [StoredTensor] {
    let table = names.table
    var tensors = [StoredTensor(table.tokens, tokens)]
    if let name = table.positions { tensors.append(StoredTensor(name, positions)) }
    for (index, layer) in layers.enumerated() {
      let writer = LayerWriter(names: names, prefix: "\(table.layer)\(index).", layer: layer)
      tensors += writer.gains + writer.attention + writer.hidden
    }
    return tensors
  }
}

private struct LayerWriter {
  let names: SmallModelNames
  let prefix: String
  let layer: SmallModel.Layer

  private var table: SmallModelNames.Table { names.table }

  var gains: [StoredTensor] {
    [(table.attentionGain, layer.attentionGain), (table.hiddenGain, layer.hiddenGain)].compactMap {
      name, gain in
      name.map { StoredTensor(prefix + $0, [gain.count], gain.map { Double($0) }) }
    }
  }

  var attention: [StoredTensor] {
    let output = leadingOut(table.output, layer.output)
    guard table.key.isEmpty else {
      return [
        leadingIn(table.query, layer.query), leadingIn(table.key, layer.key),
        leadingIn(table.value, layer.value), output,
      ]
    }
    let parts = [layer.query, layer.key, layer.value]
    let fused = Matrix(
      rows: parts.reduce(0) { $0 + $1.rows }, columns: layer.query.columns,
      elements: parts.flatMap(\.elements))
    return [leadingIn(table.query, fused), output]
  }

  var hidden: [StoredTensor] {
    let gate = table.gate.map { [leadingIn($0, layer.gate)] } ?? []
    return gate + [leadingIn(table.up, layer.up), leadingOut(table.down, layer.down)]
  }

  private func leadingIn(_ name: String, _ matrix: Matrix) -> StoredTensor {
    StoredTensor(prefix + name, names == .gpt2 ? matrix.transposed : matrix)
  }

  private func leadingOut(_ name: String, _ matrix: Matrix) -> StoredTensor {
    StoredTensor(prefix + name, names == .gpt2 ? matrix : matrix.transposed)
  }
}

extension StoredTensor {
  /// Creates a tensor of a matrix.
  ///
  /// - Parameters:
  ///   - name: without quotes or backslashes.
  ///   - matrix: stored in F32.
  public init(_ name: String, _ matrix: Matrix) {
    self.init(
      name, .float32, [matrix.rows, matrix.columns],
      bytes: matrix.elements.withUnsafeBytes { Array($0) })
  }
}
