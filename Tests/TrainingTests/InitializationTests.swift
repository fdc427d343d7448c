import Models
import Testing
import Training

@Suite struct InitializationTests {
  private func parameters(threads: Int, seed: UInt64 = 1) throws -> ModelParameters {
    let settings = ModelSettings(
      path: "config.json",
      values: [
        "n_layer": "2", "n_embd": "64", "n_head": "2", "vocab_size": "500", "n_positions": "32",
      ])
    let configuration = try GPT2Configuration(settings: settings)
    let parameters = ModelParameters(configuration)
    parameters.initialize(for: configuration, seed: seed, threads: threads)
    return parameters
  }

  @Test("Standard deviations are 0.02, and less by √(2 layers) on the way to the stream")
  func deviations() throws {
    let parameters = try parameters(threads: 2)
    for tensor in parameters.tensors {
      let values = parameters[tensor]
      guard tensor.decays else {
        #expect(values.allSatisfy { $0 == (tensor.name.text.hasSuffix("weight") ? 1 : 0) })
        continue
      }
      let square = values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)
      let expected = tensor.name.text.hasSuffix("c_proj.weight") ? 0.01 : 0.02
      // At least 2048 numbers: five standard errors are 8 %.
      #expect(abs(square.squareRoot() / expected - 1) < 0.08, "\(tensor.name)")
    }
  }

  @Test("An encoder's standard deviation is that of the settings, biases are 0 and gains 1")
  func encoder() throws {
    let model = try EncoderConfiguration(
      .roberta,
      settings: ModelSettings(
        path: "config.json",
        values: [
          "num_hidden_layers": "1", "hidden_size": "64", "num_attention_heads": "2",
          "vocab_size": "500", "max_position_embeddings": "32", "intermediate_size": "80",
          "initializer_range": "0.05",
        ]), classCount: 40)
    let parameters = ModelParameters(model)
    parameters.initialize(for: model, seed: 1, threads: 2)
    for tensor in parameters.tensors where tensor.shape.elementCount > 1000 {
      let values = parameters[tensor]
      let square = values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)
      // At least 2048 numbers: five standard errors are 8 %.
      #expect(abs(square.squareRoot() / 0.05 - 1) < 0.08, "\(tensor.name)")
    }
    for tensor in parameters.tensors where !tensor.decays {
      let expected: Float = tensor.name.text.hasSuffix("LayerNorm.weight") ? 1 : 0
      #expect(parameters[tensor].allSatisfy { $0 == expected }, "\(tensor.name)")
    }
  }

  @Test("A seed gives the same bits for any number of threads, and another one others")
  func seeds() throws {
    func bits(_ threads: Int, _ seed: UInt64) throws -> [UInt32] {
      let parameters = try parameters(threads: threads, seed: seed)
      return UnsafeBufferPointer(
        start: parameters.elements.pointer, count: parameters.elements.count
      ).map(\.bitPattern)
    }
    #expect(try bits(1, 1) == bits(3, 1))
    #expect(try bits(1, 1) != bits(1, 2))
  }
}
