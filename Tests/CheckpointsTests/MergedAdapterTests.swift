import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

/// Adapters that do not fit, or are of another kind, are refused in one line.
@Suite struct MergedAdapterTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(
      SafetensorsBytes.file([
        ("model.up.weight", "F32", [2, 3], floats([1, 2, 3, 4, 5, 6])),
        ("model.square.weight", "F32", [2, 2], floats([0, 0, 0, 0])),
        ("model.count.weight", "I64", [1, 1], littleEndian(Int64(3))),
      ]), to: "base/model.safetensors")
  }

  private func floats(_ values: [Float]) -> [UInt8] {
    values.flatMap { littleEndian($0.bitPattern) }
  }

  /// Writes an adapter for `up`, B = (1, 10) and A = (1, 2, 3), unless told otherwise.
  private func open(
    _ settings: String = "", tensors: [(String, String, [Int], [UInt8])]? = nil,
    base: String? = "base"
  ) throws -> MergedAdapter {
    let tensors =
      tensors ?? [
        ("base_model.model.model.up.lora_A.weight", "F32", [1, 3], floats([1, 2, 3])),
        ("base_model.model.model.up.lora_B.weight", "F32", [2, 1], floats([1, 10])),
      ]
    let config = #"{"peft_type": "LORA", "lora_alpha": 2, "r": 1"# + settings + "}"
    try folder.write(Array(config.utf8), to: "adapter/adapter_config.json")
    try folder.write(SafetensorsBytes.file(tensors), to: "adapter/adapter_model.safetensors")
    return try MergedAdapter(
      folder: folder.path + "/adapter",
      CheckpointReading(mergesAdapters: true, baseModel: base.map { folder.path + "/" + $0 }))
  }

  private func factors(
    of module: String, rows: Int, columns: Int
  ) -> [(String, String, [Int], [UInt8])] {
    [
      ("\(module).lora_A.weight", "F32", [1, columns], floats((1...columns).map(Float.init))),
      ("\(module).lora_B.weight", "F32", [rows, 1], floats((1...rows).map(Float.init))),
    ]
  }

  @Test("A matrix becomes W + (alpha / r) B A")
  func sum() throws {
    let merged = try open()
    #expect(try elementBytes(merged.records[0]) == floats([3, 6, 9, 24, 45, 66]))
    #expect(merged.format == "safetensors and LoRA")
    #expect(merged.notes.first?.contains("1 matrices changed") == true)
    #expect(merged.files.count == 2)
  }

  @Test("A square matrix is added to as fan_in_fan_out says", arguments: [false, true])
  func square(isTransposed: Bool) throws {
    let merged = try open(
      ", \"fan_in_fan_out\": \(isTransposed)",
      tensors: [
        ("model.square.lora_A.weight", "F32", [1, 2], floats([1, 2])),
        ("model.square.lora_B.weight", "F32", [2, 1], floats([1, 10])),
      ])
    let expected: [Float] = isTransposed ? [2, 20, 4, 40] : [2, 4, 20, 40]
    #expect(try elementBytes(merged.records[1]) == floats(expected))
  }

  @Test("A tensor trained as a whole replaces the base's, or comes on top")
  func replaced() throws {
    let merged = try open(tensors: [
      ("base_model.model.model.up.modules_to_save.weight", "F16", [2, 3], Array(0..<12)),
      ("base_model.model.score.weight", "F32", [1, 1], floats([7])),
    ])
    #expect(merged.records.map(\.name.text).prefix(1) == ["model.up.weight"])
    #expect(merged.records[0].dtype == .float16)
    #expect(merged.records.last?.name == "score.weight")
  }

  @Test(
    "Other methods are refused by name",
    arguments: [
      (#", "use_dora": true"#, "DoRA"), (#", "init_lora_weights": "pissa""#, "pissa"),
      (#", "alpha_pattern": {"u.*p": 3}"#, "regular expression"),
      (#", "layer_replication": [[0, 1]]"#, "replicated"), (#", "lora_bias": true"#, "lora_bias"),
    ])
  func otherMethods(settings: String, word: String) throws {
    expectError(.unsupported, word) { try open(settings) }
  }

  @Test("Adapters of other types are refused by their name")
  func otherTypes() throws {
    try folder.write(
      Array(#"{"peft_type": "IA3"}"#.utf8), to: "other/adapter_config.json")
    expectError(.unsupported, "IA3") {
      try MergedAdapter(
        folder: folder.path + "/other", CheckpointReading(mergesAdapters: true, baseModel: "x"))
    }
  }

  @Test("Factors that do not fit the base or each other are refused")
  func shapes() throws {
    expectError(.malformed, "[2, 4]", tensor: "model.up.weight") {
      try open(tensors: factors(of: "model.up", rows: 2, columns: 4))
    }
    expectError(.malformed, "no such tensor", tensor: "model.down.weight") {
      try open(tensors: factors(of: "model.down", rows: 2, columns: 4))
    }
    expectError(.malformed, "not both", tensor: "model.up") {
      try open(tensors: Array(factors(of: "model.up", rows: 2, columns: 3).prefix(1)))
    }
    expectError(.unsupported, "I64", tensor: "model.count.weight") {
      try open(tensors: factors(of: "model.count", rows: 1, columns: 1))
    }
    expectError(.unsupported, "not merged", tensor: "x.lora_magnitude_vector") {
      try open(tensors: [("x.lora_magnitude_vector", "F32", [1], floats([1]))])
    }
  }

  @Test("The base is the one that is named, or else the one that the adapter names")
  func base() throws {
    expectError(.incomplete, "--base-model") { try open(base: nil) }
    expectError(.incomplete, "is not here") {
      try open(#", "base_model_name_or_path": "nobody/nothing""#, base: nil)
    }
    let named = try open(
      #", "base_model_name_or_path": "\#(folder.path)/base""#, base: nil)
    #expect(named.modelPath.hasSuffix("base/model.safetensors"))
  }

  @Test("What is tied to a changed matrix changes with it")
  func tied() throws {
    let tensor = PickleBytes.tensor(count: 6, shape: [2, 3], strides: [3, 1])
    let root = PickleBytes.dictionary([("model.up.weight", tensor), ("model.tied.weight", tensor)])
    try folder.write(
      ZipBytes.torch(
        pickle: PickleBytes.file(root), storages: [("0", floats([1, 2, 3, 4, 5, 6]))]
      ).bytes, to: "tied.pt")
    let merged = try open(base: "tied.pt")
    #expect(merged.records[0].isAlias(of: merged.records[1]))
    #expect(try elementBytes(merged.records[1]) == floats([3, 6, 9, 24, 45, 66]))
  }
}
