/// What a tensor's name says about its place in a model.
///
/// The one place that knows the prefixes which libraries put before the same parameter, which
/// tensors are buffers and so belong in no norm, and which output heads are tied to embeddings.
///
/// | stored name | canonical | layer | kind |
/// |---|---|---|---|
/// | `transformer.h.3.attn.c_attn.weight` | `h.3.attn.c_attn.weight` | 3 | `attn.c_attn.weight` |
/// | `module.transformer.ln_f.bias` | `ln_f.bias` | none | `ln` |
/// | `wte.weight` | `wte.weight` | none | `wte` |
public struct ParameterName: Codable, Hashable, Sendable {
  /// What a parameter is for, as result files tell it.
  public enum Role: String, CaseIterable, Codable, Sendable {
    case matrix, vector, embedding, buffer
  }

  /// One of the two towers of layers that translation models and autoencoders have.
  public enum Stack: String, CaseIterable, Codable, Sendable {
    case encoder, decoder
  }

  /// The name without wrappers' prefixes.
  public let canonical: TensorName
  /// The first number among the name's components, or `nil` outside the layers.
  public let layer: Int?
  /// What tensors of the same purpose share across layers, such as `mlp.c_fc.bias`.
  public let kind: String
  /// What the parameter is for.
  public let role: Role
  /// The stack that the parameter belongs to, in a model with several; else `nil`.
  public let stack: Stack?

  /// Reads a stored name, of a model with one stack.
  ///
  /// - Parameters:
  ///   - name: the name in the checkpoint.
  ///   - shape: the tensor's shape, by which a causal mask is told from a bias.
  public init(_ name: TensorName, shape: Shape) {
    let components = NameComponents(name.text)
    let first = components.indices.first { !components.isPrefix($0) } ?? 0
    let layerIndex = components.indices.dropFirst(first).first { components.number($0) != nil }
    canonical = first == 0 ? name : TensorName(components.text(from: first))
    layer = layerIndex.flatMap(components.number)
    kind = components.kind(from: layerIndex.map { $0 + 1 } ?? first)
    role = components.role(from: first, shape: shape)
    stack = nil
  }

  private init(canonical: TensorName, kind: String, stack: Stack?, like parts: ParameterName) {
    (self.canonical, self.kind, self.stack) = (canonical, kind, stack)
    (layer, role) = (parts.layer, parts.role)
  }

  /// Creates a name whose parts are known, such as one that keeps its prefix because without
  /// it two tensors of one checkpoint would collide.
  ///
  /// - Parameters:
  ///   - stored: the name to use as it stands.
  ///   - parts: where layer, kind, role and stack come from.
  public init(unabridged stored: TensorName, like parts: ParameterName) {
    self.init(canonical: stored, kind: parts.kind, stack: parts.stack, like: parts)
  }

  /// The stack that the canonical name begins with, as `decoder.layers.0.fc1.weight` does, or
  /// `nil`.
  public var leadingStack: Stack? {
    let first = canonical.text.utf8.prefix { $0 != UInt8(ascii: ".") }
    return Stack.allCases.first { first.elementsEqual($0.rawValue.utf8) }
  }

  /// The name in a model with several stacks, whose layers of one number and tensors of one
  /// purpose differ: ``stack`` is set, and the kind begins with it.
  ///
  /// | canonical | kind | in a model of several stacks |
  /// |---|---|---|
  /// | `decoder.layers.0.fc1.weight` | `fc1.weight` | `decoder.fc1.weight` |
  /// | `encoder.final_layer_norm.weight` | `ln` | `encoder.ln` |
  /// | `encoder.embed_positions.weight` | `encoder.embed_positions.weight` | the same |
  public var tellingStacksApart: ParameterName {
    guard let stack = leadingStack else { return self }
    let isTold = kind == canonical.text
    return ParameterName(
      canonical: canonical, kind: isTold ? kind : "\(stack.rawValue).\(kind)", stack: stack,
      like: self)
  }

  /// Names of output heads that share the input embedding's values in a tied model.
  public var isOutputHead: Bool { ParameterName.outputHeads.contains(canonical) }

  /// Names of input token embeddings.
  public var isTokenEmbedding: Bool { ParameterName.tokenEmbeddings.contains(canonical) }

  private static let outputHeads: [TensorName] = [
    "lm_head.weight", "lm_head.decoder.weight", "cls.predictions.decoder.weight",
    "embed_out.weight", "output.weight",
  ]
  private static let tokenEmbeddings: [TensorName] = [
    "wte.weight", "embeddings.word_embeddings.weight", "embed_tokens.weight",
    "embed_in.weight", "tok_embeddings.weight",
  ]
}

extension NameComponents {
  private static let prefixes: [StaticString] = [
    "module", "_orig_mod", "transformer", "model", "bert", "roberta", "distilbert", "gpt_neox",
  ]
  private static let buffers: [StaticString] = [
    "masked_bias", "position_ids", "token_type_ids", "inv_freq", "num_batches_tracked",
  ]
  private static let embed = Array("embed".utf8)
  private static let norm = Array("norm".utf8)
  private static let layerNorms = [Array("layernorm".utf8), Array("layer_norm".utf8)]

  /// Whether a component is one that wrappers put in front.
  fileprivate func isPrefix(_ index: Int) -> Bool {
    NameComponents.prefixes.contains { isWord(index, $0) }
  }

  fileprivate func kind(from first: Int) -> String {
    let words = indices.dropLast().dropFirst(first)
    if words.contains(where: isLayerNorm) { return "ln" }
    guard words.count == 1 else { return text(from: first) }
    return isWord(first, "wte") ? "wte" : isWord(first, "wpe") ? "wpe" : text(from: first)
  }

  private func isLayerNorm(_ index: Int) -> Bool {
    isWord(index, "ln") || begins(index, with: "ln_")
      || NameComponents.layerNorms.contains { mentions($0, in: index) }
      || mentions(NameComponents.norm, in: index, last: 4)
  }

  fileprivate func role(from first: Int, shape: Shape) -> ParameterName.Role {
    if isBuffer(from: first, shape: shape) { return .buffer }
    guard shape.rank >= 2 else { return .vector }
    let isEmbedding = indices.dropFirst(first).contains { index in
      isWord(index, "wte") || isWord(index, "wpe") || mentions(NameComponents.embed, in: index)
    }
    return isEmbedding ? .embedding : .matrix
  }

  private func isBuffer(from first: Int, shape: Shape) -> Bool {
    let last = indices.upperBound - 1
    if NameComponents.buffers.contains(where: { isWord(last, $0) }) { return true }
    return isCausalMask(shape) && isWord(last, "bias") && last > first && isWord(last - 1, "attn")
  }

  /// GPT-2 stores its mask as `h.N.attn.bias`, shape [1, 1, positions, positions].
  private func isCausalMask(_ shape: Shape) -> Bool {
    let extents = shape.dimensions
    return extents.count == 4 && extents[0] == 1 && extents[1] == 1 && extents[2] == extents[3]
  }
}
