import Tensors
import Testing

@Suite struct ParameterNameTests {
  private func name(_ text: String, _ dimensions: [Int] = [4, 4]) throws -> ParameterName {
    ParameterName(TensorName(text), shape: try #require(Shape(dimensions)))
  }

  @Test(
    "A name tells canonical name, layer and kind, as the documentation's table says",
    arguments: [
      ("transformer.h.3.attn.c_attn.weight", "h.3.attn.c_attn.weight", 3, "attn.c_attn.weight"),
      ("module.transformer.ln_f.bias", "ln_f.bias", nil, "ln"),
      ("wte.weight", "wte.weight", nil, "wte"),
    ])
  func documentedNames(stored: String, canonical: String, layer: Int?, kind: String) throws {
    let found = try name(stored)
    #expect(found.canonical == TensorName(canonical))
    #expect(found.layer == layer)
    #expect(found.kind == kind)
  }

  @Test(
    "Wrappers' prefixes fall away, in any number and order",
    arguments: [
      "h.0.mlp.c_fc.bias", "transformer.h.0.mlp.c_fc.bias", "module.h.0.mlp.c_fc.bias",
      "_orig_mod.module.transformer.h.0.mlp.c_fc.bias", "model.h.0.mlp.c_fc.bias",
      "module.module.h.0.mlp.c_fc.bias",
    ])
  func prefixes(stored: String) throws {
    #expect(try name(stored).canonical == "h.0.mlp.c_fc.bias")
  }

  @Test(
    "A prefix falls away only as a whole component at the front, and never leaves nothing",
    arguments: ["transformers.x", "x.transformer.y", "model", "module.model", "", ".", "model2.x"])
  func kept(stored: String) throws { #expect(try name(stored).canonical == TensorName(stored)) }

  @Test(
    "Families of models are known",
    arguments: [
      ("bert.embeddings.word_embeddings.weight", "embeddings.word_embeddings.weight"),
      ("roberta.encoder.layer.1.output.dense.bias", "encoder.layer.1.output.dense.bias"),
      ("distilbert.transformer.layer.0.ffn.lin1.weight", "layer.0.ffn.lin1.weight"),
      ("gpt_neox.layers.2.mlp.dense_h_to_4h.weight", "layers.2.mlp.dense_h_to_4h.weight"),
      ("model.layers.31.self_attn.q_proj.weight", "layers.31.self_attn.q_proj.weight"),
    ])
  func families(stored: String, canonical: String) throws {
    #expect(try name(stored).canonical == TensorName(canonical))
  }

  @Test(
    "The layer is the first component of ASCII digits that an Int can hold",
    arguments: [
      ("h.11.x", 11), ("h.0.experts.7.w", 0), ("blocks.007.w", 7), ("h.x", nil), ("h2.x", nil),
      ("h.-1.x", nil), ("h.+1.x", nil), ("h..x", nil), ("h.\u{0663}.x", nil), ("h.1a.x", nil),
      ("h.99999999999999999999.x", nil), ("h.99999999999999999999.4.x", 4), ("12", 12),
    ])
  func layers(stored: String, layer: Int?) throws { #expect(try name(stored).layer == layer) }

  @Test(
    "Layer norms of all families are one kind",
    arguments: [
      "h.0.ln_1.weight", "h.0.ln_2.bias", "ln_f.weight", "layers.0.input_layernorm.weight",
      "encoder.layer.0.attention.output.LayerNorm.bias", "layers.0.self_attn_layer_norm.weight",
      "norm.weight", "final_layer_norm.weight", "layers.0.post_attention_layernorm.weight",
    ])
  func layerNorms(stored: String) throws { #expect(try name(stored, [4]).kind == "ln") }

  @Test("Kinds leave the layer out", arguments: ["h.0", "h.11", "layers.3", "encoder.layer.5"])
  func kinds(place: String) throws {
    #expect(try name(place + ".attn.c_proj.weight").kind == "attn.c_proj.weight")
  }

  @Test("What has norm only inside a word is no layer norm")
  func notLayerNorms() throws {
    #expect(try name("h.0.normal.weight").kind == "normal.weight")
    #expect(try name("wpe.weight").kind == "wpe")
    #expect(try name("h.0.wte.extra.weight").kind == "wte.extra.weight")
  }

  @Test("A causal mask is a buffer; a bias of the same name is a vector")
  func masks() throws {
    #expect(try name("h.0.attn.bias", [1, 1, 8, 8]).role == .buffer)
    #expect(try name("transformer.h.0.attn.bias", [1, 1, 1024, 1024]).role == .buffer)
    #expect(try name("h.0.attn.bias", [8]).role == .vector)
    #expect(try name("h.0.attn.bias", [8, 8]).role == .matrix)
    #expect(try name("h.0.attn.bias", [1, 1, 8, 4]).role == .matrix)
    #expect(try name("h.0.attn.bias", [2, 1, 8, 8]).role == .matrix)
    #expect(try name("h.0.mlp.bias", [1, 1, 8, 8]).role == .matrix)
  }

  @Test(
    "Buffers have their names",
    arguments: [
      "h.0.attn.masked_bias", "embeddings.position_ids", "embeddings.token_type_ids",
      "layers.0.self_attn.rotary_emb.inv_freq", "bn.num_batches_tracked",
    ])
  func buffers(stored: String) throws {
    #expect(try name(stored, [1]).role == .buffer)
    #expect(try name(stored + ".weight", [1]).role == .vector)
  }

  @Test(
    "The role is told by the shape, and embeddings by their names",
    arguments: [
      ("wte.weight", [9, 4], ParameterName.Role.embedding), ("wpe.weight", [9, 4], .embedding),
      ("model.embed_tokens.weight", [9, 4], .embedding), ("wte.weight", [9], .vector),
      ("bert.embeddings.LayerNorm.weight", [4], .vector), ("h.0.mlp.c_fc.weight", [4, 8], .matrix),
      ("scale", [], .vector), ("conv.weight", [2, 3, 3], .matrix),
    ])
  func roles(stored: String, dimensions: [Int], role: ParameterName.Role) throws {
    #expect(try name(stored, dimensions).role == role)
  }

  @Test(
    "Output heads and token embeddings are known by canonical name",
    arguments: [
      ("lm_head.weight", true, false), ("module.lm_head.weight", true, false),
      ("embed_out.weight", true, false), ("cls.predictions.decoder.weight", true, false),
      ("transformer.wte.weight", false, true), ("model.embed_tokens.weight", false, true),
      ("bert.embeddings.word_embeddings.weight", false, true), ("wpe.weight", false, false),
      ("lm_head.bias", false, false),
    ])
  func heads(stored: String, isHead: Bool, isEmbedding: Bool) throws {
    let found = try name(stored)
    #expect(found.isOutputHead == isHead)
    #expect(found.isTokenEmbedding == isEmbedding)
  }

  @Test(
    "In a model of several stacks the kind begins with the stack, once",
    arguments: [
      ("decoder.block.3.layer.0.SelfAttention.q.weight", "decoder.layer.0.SelfAttention.q.weight"),
      ("model.encoder.layers.0.fc1.weight", "encoder.fc1.weight"),
      ("encoder.final_layer_norm.weight", "encoder.ln"),
      ("encoder.block.0.layer.0.layer_norm.weight", "encoder.ln"),
      ("decoder.embed_positions.weight", "decoder.embed_positions.weight"),
      ("shared.weight", "shared.weight"), ("encoders.0.weight", "weight"),
      ("lm_head.decoder.weight", "lm_head.decoder.weight"),
    ])
  func stacks(stored: String, kind: String) throws {
    let found = try name(stored)
    #expect(found.stack == nil)
    #expect(found.tellingStacksApart.kind == kind)
    #expect(found.tellingStacksApart.stack == found.leadingStack)
    #expect(found.tellingStacksApart.canonical == found.canonical)
    #expect(found.tellingStacksApart.layer == found.layer)
  }

  @Test("A dot separates whatever follows it, also a mark that joins it on paper")
  func dotWithMark() throws {
    #expect(try name("model.\u{301}x.3.w").canonical == "\u{301}x.3.w")
    #expect(try name("h.3.\u{301}x.w").layer == 3)
  }

  @Test("A name that keeps its prefix keeps layer, kind and role too")
  func unabridged() throws {
    let parts = try name("model.h.2.ln_1.weight", [4])
    let whole = ParameterName(unabridged: "model.h.2.ln_1.weight", like: parts)
    #expect(whole.canonical == "model.h.2.ln_1.weight")
    #expect(whole.layer == 2)
    #expect(whole.kind == "ln")
    #expect(whole.role == .vector)
  }
}
