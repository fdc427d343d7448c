import Checkpoints
import Tensors
import TestSupport
import Testing

@testable import Geometry

/// Tensors at any place of a file, as formats have them that share storages.
private struct RecordList: Checkpoint {
  let path = "records"
  let format = "test"
  let records: [TensorRecord]
  let metadata: [(key: String, value: String)] = []
  let notes: [String] = []

  /// Tensors of F32, each with its offset in bytes into a file of zeros.
  init(_ tensors: [(name: TensorName, shape: [Int], offset: Int)], in folder: TemporaryFolder)
    throws
  {
    let file = try InputFile(folder.write(Array(repeating: 0, count: 256), to: "storage"))
    records = try tensors.map { tensor in
      let shape = try #require(Shape(tensor.shape))
      let end = tensor.offset + shape.byteCount(of: .float32)
      return try TensorRecord(
        name: tensor.name, dtype: .float32, shape: shape, bytes: tensor.offset..<end, file: file)
    }
  }
}

@Suite struct ParameterListTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func list(_ tensors: [StoredTensor]) throws -> ParameterList {
    try ParameterList(folder.checkpoint("model.safetensors", tensors))
  }

  @Test("Buffers are set apart, and the rest keeps the order of the file")
  func buffers() throws {
    let found = try list([
      .init("transformer.wte.weight", [3, 2], from: 0),
      .init("transformer.h.0.attn.bias", [1, 1, 2, 2], from: 0),
      .init("transformer.h.0.attn.masked_bias", [], [0]),
      .init("transformer.ln_f.bias", [2], from: 0),
    ])
    #expect(found.parameters.map(\.name.canonical) == ["wte.weight", "ln_f.bias"])
    #expect(found.buffers.map(\.name.canonical) == ["h.0.attn.bias", "h.0.attn.masked_bias"])
    #expect(found["ln_f.bias"]?.record.name == "transformer.ln_f.bias")
    #expect(found["h.0.attn.bias"] == nil)
    #expect(found.tokenEmbedding?.name.canonical == "wte.weight")
  }

  @Test("A head with the embedding's bytes is tied to it, wherever it stands")
  func equalBytes() throws {
    let embedding = StoredTensor("wte.weight", [3, 2], from: 0)
    var head = embedding
    head.name = "lm_head.weight"
    for tensors in [[embedding, head], [head, embedding]] {
      let found = try list(tensors)
      #expect(found.parameters.map(\.name.canonical) == ["wte.weight"])
      #expect(found.ties.map(\.parameter.name.canonical) == ["lm_head.weight"])
      #expect(found.ties.map(\.of) == ["wte.weight"])
    }
  }

  @Test("A head that differs in one bit, in type or in shape is its own parameter")
  func differentBytes() throws {
    let embedding = StoredTensor("wte.weight", [3, 2], from: 0)
    let heads = [
      StoredTensor("lm_head.weight", [3, 2], [0, 1, 2, 3, 4, 5.5]),
      .init("lm_head.weight", [3, 2], [-0.0, 1, 2, 3, 4, 5]),
      .init("lm_head.weight", [3, 2], from: 0, dtype: .float16),
      .init("lm_head.weight", [2, 3], from: 0),
    ]
    for head in heads { #expect(try list([embedding, head]).ties.isEmpty) }
  }

  @Test("A difference after the first piece of a large head is seen")
  func lateDifference() throws {
    let embedding = StoredTensor("wte.weight", [40_000, 2], from: 0)
    var head = embedding
    head.name = "lm_head.weight"
    #expect(try list([embedding, head]).ties.count == 1)
    head.bytes[head.bytes.count - 1] ^= 1
    #expect(try list([embedding, head]).ties.isEmpty)
  }

  @Test("Other tensors with equal bytes are not tied: they were trained apart")
  func equalBiases() throws {
    let found = try list([
      .init("h.0.ln_1.bias", [2], [0, 0]), .init("h.1.ln_1.bias", [2], [0, 0]),
    ])
    #expect(found.parameters.count == 2)
  }

  @Test("Tensors that share their bytes in the file are tied, the head to the embedding")
  func aliases() throws {
    let found = try ParameterList(
      RecordList(
        [
          ("lm_head.weight", [3, 2], 0), ("wte.weight", [3, 2], 0), ("a", [2], 64), ("b", [2], 64),
          ("c", [2], 72),
        ], in: folder))
    #expect(found.parameters.map(\.name.canonical) == ["wte.weight", "a", "c"])
    #expect(found.ties.map(\.parameter.name.canonical) == ["b", "lm_head.weight"])
    #expect(found.ties.map(\.of) == ["a", "wte.weight"])
  }

  @Test("Views of one storage with other shapes are no aliases")
  func views() throws {
    let found = try ParameterList(RecordList([("a", [4], 0), ("b", [2, 2], 0)], in: folder))
    #expect(found.parameters.count == 2)
  }

  // Steps that grow with the square of the number of tensors would take seconds here.
  @Test("Of 20,000 tensors each is found by its canonical name")
  func manyTensors() throws {
    let tensors = (0..<20_000).map { number in
      StoredTensor(
        "model.layers.\(number / 100).experts.\(number % 100).w", .uint8, [1], bytes: [1])
    }
    let found = try list(tensors)
    #expect(found.parameters.count == 20_000)
    #expect(found.ties.isEmpty)
    #expect(
      found.parameters.allSatisfy { parameter in
        found[parameter.name.canonical]?.record.name == parameter.record.name
      })
    #expect(found["layers.42.experts.17.w"]?.record.offset == found.parameters[4217].record.offset)
  }

  @Test("Kinds tell the encoder from the decoder where layers of both are there")
  func stacks() throws {
    let found = try list([
      .init("model.shared.weight", [3, 2], from: 0),
      .init("model.encoder.layers.0.fc1.weight", [2, 2], from: 1),
      .init("model.encoder.layer_norm.weight", [2], from: 2),
      .init("model.decoder.layers.0.fc1.weight", [2, 2], from: 3),
      .init("model.decoder.layer_norm.weight", [2], from: 4),
    ])
    #expect(found.parameters.map(\.name.stack) == [nil, .encoder, .encoder, .decoder, .decoder])
    #expect(
      found.parameters.map(\.name.kind) == [
        "shared.weight", "encoder.fc1.weight", "encoder.ln", "decoder.fc1.weight", "decoder.ln",
      ])
    #expect(found["encoder.layers.0.fc1.weight"] != nil)
  }

  @Test("An encoder alone, or with a decoder that has no layers, keeps its kinds")
  func singleStack() throws {
    let found = try list([
      .init("bert.encoder.layer.0.output.dense.weight", [2, 2], from: 0),
      .init("decoder.weight", [3, 2], from: 0),
    ])
    #expect(found.parameters.map(\.name.kind) == ["output.dense.weight", "decoder.weight"])
    #expect(found.parameters.allSatisfy { $0.name.stack == nil })
  }

  @Test("Where names collide without prefixes, all of them keep theirs")
  func collisions() throws {
    let found = try list([
      .init("model.h.0.w", [2, 2], from: 0), .init("h.0.w", [2, 2], from: 0),
      .init("transformer.h.1.w", [2, 2], from: 0),
    ])
    #expect(found.parameters.map(\.name.canonical) == ["model.h.0.w", "h.0.w", "h.1.w"])
    #expect(found.parameters.map(\.name.layer) == [0, 0, 1])
    #expect(found["model.h.0.w"]?.record.name == "model.h.0.w")
  }
}
