import Tensors

/// The names that llama.cpp gives to tensors, and what Hugging Face's transformers calls them.
///
/// Known are the architectures `gpt2` and `llama`. Two kinds of matrices lie otherwise than there:
/// those of GPT-2's Conv1D layers are stored transposed, and the rows of Llama's queries and keys
/// are stored with the two halves of each head interleaved, as its rotary embedding wants them.
///
/// Source: llama.cpp, `gguf-py/gguf/tensor_mapping.py` and `convert_hf_to_gguf.py`.
struct GGUFNames {
  /// How a tensor is to be read.
  enum Layout: Equatable {
    case asStored, transposed
    /// Queries or keys, by the metadata that counts their heads.
    case heads(String)
  }

  private let modules: [String: (name: String, layout: Layout)]
  private let layerModules: [String: (name: String, layout: Layout)]
  private let layerPrefix: String

  /// The names of an architecture, or `nil` if it is none of the known ones.
  init?(architecture: String) {
    switch architecture {
    case "gpt2":
      (modules, layerModules) = (GGUFNames.gpt2, GGUFNames.gpt2Layer)
      layerPrefix = "transformer.h."
    case "llama":
      (modules, layerModules) = (GGUFNames.llama, GGUFNames.llamaLayer)
      layerPrefix = "model.layers."
    default: return nil
    }
  }

  /// What transformers calls a tensor, and how to read it; `nil` for one that it does not have.
  func translated(_ name: String) -> (name: String, layout: Layout)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let kind = parts.last, kind == "weight" || kind == "bias" else { return nil }
    if parts.count == 2, let module = modules[parts[0]] {
      return (module.name + "." + kind, module.layout)
    }
    guard parts.count == 4, parts[0] == "blk", let layer = Int(parts[1]), parts[1] == String(layer),
      layer >= 0, let module = layerModules[parts[2]]
    else { return nil }
    let layout = module.layout == .transposed && kind == "bias" ? .asStored : module.layout
    return (layerPrefix + parts[1] + "." + module.name + "." + kind, layout)
  }

  private static let gpt2: [String: (name: String, layout: Layout)] = [
    "token_embd": ("transformer.wte", .asStored), "position_embd": ("transformer.wpe", .asStored),
    "output_norm": ("transformer.ln_f", .asStored), "output": ("lm_head", .asStored),
  ]

  private static let gpt2Layer: [String: (name: String, layout: Layout)] = [
    "attn_norm": ("ln_1", .asStored), "attn_qkv": ("attn.c_attn", .transposed),
    "attn_output": ("attn.c_proj", .transposed), "ffn_norm": ("ln_2", .asStored),
    "ffn_up": ("mlp.c_fc", .transposed), "ffn_down": ("mlp.c_proj", .transposed),
  ]

  private static let llama: [String: (name: String, layout: Layout)] = [
    "token_embd": ("model.embed_tokens", .asStored), "output_norm": ("model.norm", .asStored),
    "output": ("lm_head", .asStored),
  ]

  private static let llamaLayer: [String: (name: String, layout: Layout)] = [
    "attn_norm": ("input_layernorm", .asStored),
    "attn_q": ("self_attn.q_proj", .heads("llama.attention.head_count")),
    "attn_k": ("self_attn.k_proj", .heads("llama.attention.head_count_kv")),
    "attn_v": ("self_attn.v_proj", .asStored), "attn_output": ("self_attn.o_proj", .asStored),
    "ffn_norm": ("post_attention_layernorm", .asStored),
    "ffn_gate": ("mlp.gate_proj", .asStored), "ffn_up": ("mlp.up_proj", .asStored),
    "ffn_down": ("mlp.down_proj", .asStored),
  ]
}
