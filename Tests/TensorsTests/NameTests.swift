import Tensors
import Testing

@Suite struct NameTests {
  @Test("Names that only look alike are different")
  func normalization() {
    let (composed, decomposed) = (TensorName("\u{E9}"), TensorName("e\u{301}"))
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect(composed.text == decomposed.text)  // what Swift says of the strings
  }

  @Test("What would steer a terminal is written out")
  func escaping() {
    #expect(TensorName("a\u{1B}[31mb\u{202E}c").description == "a\\u{1B}[31mb\\u{202E}c")
  }

  @Test(
    "Prefixes that wrappers add are not part of a name",
    arguments: [
      ("transformer.h.3.attn.c_attn.weight", "h.3.attn.c_attn.weight", 3, "attn.c_attn.weight"),
      ("module._orig_mod.transformer.h.0.ln_1.bias", "h.0.ln_1.bias", 0, "ln"),
      (
        "bert.encoder.layer.11.output.dense.bias", "encoder.layer.11.output.dense.bias", 11,
        "output.dense.bias"
      ),
      ("wte.weight", "wte.weight", nil, "wte"), ("model", "model", nil, "model"),
      ("transformer.ln_f.weight", "ln_f.weight", nil, "ln"),
      ("model.layers.2.input_layernorm.weight", "layers.2.input_layernorm.weight", 2, "ln"),
    ] as [(String, String, Int?, String)])
  func canonical(stored: String, canonical: String, layer: Int?, kind: String) throws {
    let name = ParameterName(TensorName(stored), shape: try #require(Shape([4, 4])))
    #expect(name.canonical == TensorName(canonical))
    #expect(name.layer == layer)
    #expect(name.kind == kind)
  }

  @Test(
    "A causal mask is told from a bias by its shape",
    arguments: [([1, 1, 8, 8], true), ([8], false), ([1, 1, 8, 4], false)])
  func masks(dimensions: [Int], isBuffer: Bool) throws {
    let shape = try #require(Shape(dimensions))
    let name = ParameterName("transformer.h.0.attn.bias", shape: shape)
    #expect((name.role == .buffer) == isBuffer)
  }
}
