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
public struct ParameterName: Hashable, Sendable {
  /// What a parameter is for, as result files tell it.
  public enum Role: String, CaseIterable, Sendable {
    case matrix, vector, embedding, buffer
  }

  /// The name without wrappers' prefixes.
  public let canonical: TensorName
  /// The first number among the name's components, or `nil` outside the layers.
  public let layer: Int?
  /// What tensors of the same purpose share across layers, such as `mlp.c_fc.bias`.
  public let kind: String
  /// What the parameter is for.
  public let role: Role

  /// Reads a stored name.
  ///
  /// - Parameters:
  ///   - name: the name in the checkpoint.
  ///   - shape: the tensor's shape, by which a causal mask is told from a bias.
  public init(_ name: TensorName, shape: Shape) {
    let components = ParameterName.withoutPrefixes(name.text)
    let layerIndex = components.firstIndex { $0.utf8.allSatisfy(isDigit) && Int($0) != nil }
    canonical = TensorName(components.joined(separator: "."))
    layer = layerIndex.flatMap { Int(components[$0]) }
    let inner = layerIndex.map { components[($0 + 1)...] } ?? components[...]
    kind = ParameterName.kind(of: inner)
    role = ParameterName.role(of: components, shape: shape)
  }

  /// Creates a name whose parts are known, such as one that keeps its prefix because without
  /// it two tensors of one checkpoint would collide.
  ///
  /// - Parameters:
  ///   - stored: the name to use as it stands.
  ///   - parts: where layer, kind and role come from.
  public init(unabridged stored: TensorName, like parts: ParameterName) {
    (canonical, layer, kind, role) = (stored, parts.layer, parts.kind, parts.role)
  }

  /// Names of output heads that share the input embedding's values in a tied model.
  public var isOutputHead: Bool { ParameterName.outputHeads.contains(canonical.text) }

  /// Names of input token embeddings.
  public var isTokenEmbedding: Bool { ParameterName.tokenEmbeddings.contains(canonical.text) }

  private static let outputHeads: Set<String> = [
    "lm_head.weight", "lm_head.decoder.weight", "cls.predictions.decoder.weight",
    "embed_out.weight", "output.weight",
  ]
  private static let tokenEmbeddings: Set<String> = [
    "wte.weight", "embeddings.word_embeddings.weight", "embed_tokens.weight",
    "embed_in.weight", "tok_embeddings.weight",
  ]
  private static let prefixes: Set<Substring> = [
    "module", "_orig_mod", "transformer", "model", "bert", "roberta", "distilbert", "gpt_neox",
  ]

  private static func withoutPrefixes(_ name: String) -> [Substring] {
    let all = name.split(separator: ".", omittingEmptySubsequences: false)
    let rest = all.drop { prefixes.contains($0) }
    return rest.isEmpty ? all : Array(rest)
  }

  private static func kind(of components: ArraySlice<Substring>) -> String {
    let words = components.dropLast()
    if words.contains(where: isLayerNorm) { return "ln" }
    guard let first = words.first, words.count == 1, first == "wte" || first == "wpe" else {
      return components.joined(separator: ".")
    }
    return String(first)
  }

  private static func isLayerNorm(_ word: Substring) -> Bool {
    word == "ln" || word.hasPrefix("ln_") || word.mentions("layernorm")
      || word.mentions("layer_norm") || word.suffix(4).mentions("norm")
  }

  private static func role(of components: [Substring], shape: Shape) -> Role {
    if isBuffer(components, shape: shape) { return .buffer }
    let isEmbedding = components.contains { word in
      word == "wte" || word == "wpe" || word.mentions("embed")
    }
    guard shape.rank >= 2 else { return .vector }
    return isEmbedding ? .embedding : .matrix
  }

  private static func isBuffer(_ components: [Substring], shape: Shape) -> Bool {
    switch components.last {
    case "masked_bias", "position_ids", "token_type_ids", "inv_freq", "num_batches_tracked": true
    case "bias": components.dropLast().last == "attn" && isCausalMask(shape)
    default: false
    }
  }

  /// GPT-2 stores its mask as `h.N.attn.bias`, shape [1, 1, positions, positions].
  private static func isCausalMask(_ shape: Shape) -> Bool {
    let extents = shape.dimensions
    return extents.count == 4 && extents[0] == 1 && extents[1] == 1 && extents[2] == extents[3]
  }
}

private func isDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

extension Substring {
  /// Whether a lower-case ASCII word occurs in this text, in either case.
  fileprivate func mentions(_ word: String) -> Bool {
    var rest = utf8[...]
    while rest.count >= word.utf8.count {
      if zip(rest, word.utf8).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) { return true }
      rest = rest.dropFirst()
    }
    return false
  }
}
