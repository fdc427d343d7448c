extension AxisMap {
  /// The map of the family whose names a checkpoint uses, or `nil` if none of its parameters is
  /// known.
  ///
  /// - Parameter parameters: the checkpoint.
  /// - Returns: the map that knows the most of them.
  public static func known(for parameters: ParameterList) -> AxisMap? {
    let maps = knownFamilies.compactMap { try? AxisMap(parsing: $0.map, family: $0.name) }
    let best = maps.map { (map: $0, coverage: $0.coverage(of: parameters)) }
      .max { $0.coverage < $1.coverage }
    return best.flatMap { $0.coverage > 0 ? $0.map : nil }
  }

  /// Names without the prefixes that ``ParameterName`` strips.
  ///
  /// Source: the modules of `transformers` that define these models; fairseq and the original
  /// Llama code for their own names.
  static let knownFamilies: [(name: String, map: String)] = [
    ("GPT-2", gpt2), ("BERT", bert), ("DistilBERT", distilbert), ("RoBERTa of fairseq", fairseq),
    ("Llama", llama), ("Llama of Meta", llamaOfMeta),
  ]

  private static let gpt2 = """
    wte.weight = token, residual
    wpe.weight = position, residual
    lm_head.weight = token, residual after ln_f.weight
    score.weight = other, residual after ln_f.weight
    ln_f.weight = residual
    ln_f.bias = residual
    h.*.ln_1.weight = residual
    h.*.ln_1.bias = residual
    h.*.ln_2.weight = residual
    h.*.ln_2.bias = residual
    h.*.attn.c_attn.weight = residual, query+key+value after h.*.ln_1.weight
    h.*.attn.c_attn.bias = query+key+value
    h.*.attn.c_proj.weight = context, residual
    h.*.attn.c_proj.bias = residual
    h.*.mlp.c_fc.weight = residual, hidden after h.*.ln_2.weight
    h.*.mlp.c_fc.bias = hidden
    h.*.mlp.c_proj.weight = hidden, residual
    h.*.mlp.c_proj.bias = residual
    """

  /// Normalization comes after each sum here, and so before no one matrix.
  private static let bertEmbeddings = """
    embeddings.word_embeddings.weight = token, residual
    embeddings.position_embeddings.weight = position, residual
    embeddings.token_type_embeddings.weight = other, residual
    embeddings.LayerNorm.weight = residual
    embeddings.LayerNorm.bias = residual

    """

  private static let bert =
    bertEmbeddings + """
      encoder.layer.*.attention.self.query.weight = query, residual
      encoder.layer.*.attention.self.query.bias = query
      encoder.layer.*.attention.self.key.weight = key, residual
      encoder.layer.*.attention.self.key.bias = key
      encoder.layer.*.attention.self.value.weight = value, residual
      encoder.layer.*.attention.self.value.bias = value
      encoder.layer.*.attention.output.dense.weight = residual, context
      encoder.layer.*.attention.output.dense.bias = residual
      encoder.layer.*.attention.output.LayerNorm.weight = residual
      encoder.layer.*.attention.output.LayerNorm.bias = residual
      encoder.layer.*.intermediate.dense.weight = hidden, residual
      encoder.layer.*.intermediate.dense.bias = hidden
      encoder.layer.*.output.dense.weight = residual, hidden
      encoder.layer.*.output.dense.bias = residual
      encoder.layer.*.output.LayerNorm.weight = residual
      encoder.layer.*.output.LayerNorm.bias = residual
      pooler.dense.weight = other, residual
      pooler.dense.bias = other
      classifier.dense.weight = other, residual
      classifier.dense.bias = other
      classifier.out_proj.weight = other, other
      classifier.out_proj.bias = other
      classifier.weight = other, other
      classifier.bias = other
      lm_head.dense.weight = residual, residual
      lm_head.dense.bias = residual
      lm_head.layer_norm.weight = residual
      lm_head.layer_norm.bias = residual
      lm_head.decoder.weight = token, residual
      lm_head.decoder.bias = token
      lm_head.bias = token
      cls.predictions.transform.dense.weight = residual, residual
      cls.predictions.transform.dense.bias = residual
      cls.predictions.transform.LayerNorm.weight = residual
      cls.predictions.transform.LayerNorm.bias = residual
      cls.predictions.decoder.weight = token, residual
      cls.predictions.decoder.bias = token
      cls.predictions.bias = token
      cls.seq_relationship.weight = other, other
      cls.seq_relationship.bias = other
      """

  private static let distilbert =
    bertEmbeddings + """
      layer.*.attention.q_lin.weight = query, residual
      layer.*.attention.q_lin.bias = query
      layer.*.attention.k_lin.weight = key, residual
      layer.*.attention.k_lin.bias = key
      layer.*.attention.v_lin.weight = value, residual
      layer.*.attention.v_lin.bias = value
      layer.*.attention.out_lin.weight = residual, context
      layer.*.attention.out_lin.bias = residual
      layer.*.sa_layer_norm.weight = residual
      layer.*.sa_layer_norm.bias = residual
      layer.*.ffn.lin1.weight = hidden, residual
      layer.*.ffn.lin1.bias = hidden
      layer.*.ffn.lin2.weight = residual, hidden
      layer.*.ffn.lin2.bias = residual
      layer.*.output_layer_norm.weight = residual
      layer.*.output_layer_norm.bias = residual
      vocab_transform.weight = residual, residual
      vocab_transform.bias = residual
      vocab_layer_norm.weight = residual
      vocab_layer_norm.bias = residual
      vocab_projector.weight = token, residual
      vocab_projector.bias = token
      pre_classifier.weight = other, residual
      pre_classifier.bias = other
      classifier.weight = other, other
      classifier.bias = other
      """

  private static let fairseq = """
    *.sentence_encoder.embed_tokens.weight = token, residual
    *.sentence_encoder.embed_positions.weight = position, residual
    *.sentence_encoder.emb_layer_norm.weight = residual
    *.sentence_encoder.emb_layer_norm.bias = residual
    *.sentence_encoder.layers.*.self_attn.q_proj.weight = query, residual
    *.sentence_encoder.layers.*.self_attn.q_proj.bias = query
    *.sentence_encoder.layers.*.self_attn.k_proj.weight = key, residual
    *.sentence_encoder.layers.*.self_attn.k_proj.bias = key
    *.sentence_encoder.layers.*.self_attn.v_proj.weight = value, residual
    *.sentence_encoder.layers.*.self_attn.v_proj.bias = value
    *.sentence_encoder.layers.*.self_attn.out_proj.weight = residual, context
    *.sentence_encoder.layers.*.self_attn.out_proj.bias = residual
    *.sentence_encoder.layers.*.self_attn_layer_norm.weight = residual
    *.sentence_encoder.layers.*.self_attn_layer_norm.bias = residual
    *.sentence_encoder.layers.*.fc1.weight = hidden, residual
    *.sentence_encoder.layers.*.fc1.bias = hidden
    *.sentence_encoder.layers.*.fc2.weight = residual, hidden
    *.sentence_encoder.layers.*.fc2.bias = residual
    *.sentence_encoder.layers.*.final_layer_norm.weight = residual
    *.sentence_encoder.layers.*.final_layer_norm.bias = residual
    *.lm_head.dense.weight = residual, residual
    *.lm_head.dense.bias = residual
    *.lm_head.layer_norm.weight = residual
    *.lm_head.layer_norm.bias = residual
    *.lm_head.weight = token, residual
    *.lm_head.bias = token
    """

  private static let llama = """
    rotary
    embed_tokens.weight = token, residual
    lm_head.weight = token, residual after norm.weight
    norm.weight = residual
    layers.*.input_layernorm.weight = residual
    layers.*.post_attention_layernorm.weight = residual
    layers.*.self_attn.q_proj.weight = query, residual after layers.*.input_layernorm.weight
    layers.*.self_attn.q_proj.bias = query
    layers.*.self_attn.k_proj.weight = key, residual after layers.*.input_layernorm.weight
    layers.*.self_attn.k_proj.bias = key
    layers.*.self_attn.v_proj.weight = value, residual after layers.*.input_layernorm.weight
    layers.*.self_attn.v_proj.bias = value
    layers.*.self_attn.o_proj.weight = residual, context
    layers.*.self_attn.o_proj.bias = residual
    layers.*.self_attn.q_norm.weight = other
    layers.*.self_attn.k_norm.weight = other
    layers.*.mlp.gate_proj.weight = hidden, residual after layers.*.post_attention_layernorm.weight
    layers.*.mlp.up_proj.weight = hidden, residual after layers.*.post_attention_layernorm.weight
    layers.*.mlp.down_proj.weight = residual, hidden
    """

  private static let llamaOfMeta = """
    rotary
    tok_embeddings.weight = token, residual
    output.weight = token, residual after norm.weight
    norm.weight = residual
    layers.*.attention_norm.weight = residual
    layers.*.ffn_norm.weight = residual
    layers.*.attention.wq.weight = query, residual after layers.*.attention_norm.weight
    layers.*.attention.wk.weight = key, residual after layers.*.attention_norm.weight
    layers.*.attention.wv.weight = value, residual after layers.*.attention_norm.weight
    layers.*.attention.wo.weight = residual, context
    layers.*.feed_forward.w1.weight = hidden, residual after layers.*.ffn_norm.weight
    layers.*.feed_forward.w3.weight = hidden, residual after layers.*.ffn_norm.weight
    layers.*.feed_forward.w2.weight = residual, hidden
    """
}
