import Foundation
import TestSupport
import Testing

@Suite struct CheckCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func model(
    _ name: String, seed: UInt64, config: String = "{\"n_head\": 4}",
    vocabulary: String = "{\"a\":0}",
    edit: (inout [StoredTensor]) -> Void = { _ in }
  ) throws -> String {
    var tensors = SmallModel(seed: seed).tensors(.gpt2)
    edit(&tensors)
    let path = folder.path + "/" + name
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let content = SafetensorsBytes.file(
      tensors.map { ($0.name, $0.dtype.rawValue, $0.shape, $0.bytes) })
    _ = try folder.write(content, to: name + "/model.safetensors")
    _ = try folder.write(Array(config.utf8), to: name + "/config.json")
    _ = try folder.write(Array(vocabulary.utf8), to: name + "/vocab.json")
    return path
  }

  private func levels(_ run: Run) throws -> [String: String] {
    try Dictionary(
      run.objects().dropFirst().map {
        ($0["topic"] as? String ?? "", $0["level"] as? String ?? "")
      },
      uniquingKeysWith: { $1 })
  }

  @Test("A model and its near copy pass every line")
  func passes() throws {
    let a = try model("a", seed: 1)
    let b = try model("b", seed: 1) { $0[0].bytes[0] ^= 1 }
    let run = try Run("check", a, b, "--base", a, "--json")
    #expect(run.code == 0)
    var found = try levels(run)
    // A is the base.
    #expect(found.removeValue(forKey: "task vectors") == "WARN")
    #expect(found.values.allSatisfy { $0 == "OK" })
    #expect(found.count == 9)
  }

  @Test("Independent models fail by their origin alone")
  func strangers() throws {
    let run = try Run("check", model("a", seed: 1), model("b", seed: 2), "--json")
    #expect(run.code == 1)
    let failed = try levels(run).filter { $0.value == "FAIL" }
    #expect(failed.keys.sorted() == ["origin"])
  }

  @Test("Every fault has its line")
  func faults() throws {
    let a = try model("a", seed: 1)
    let b = try model("b", seed: 1, config: "{\"n_head\": 2}", vocabulary: "{\"a\":1}") { tensors in
      tensors[0] = tensors[0].converted(to: .float64)
      tensors[1].bytes.replaceSubrange(0..<4, with: [0, 0, 0xC0, 0x7F])
      tensors[2].name += ".other"
    }
    let run = try Run("check", a, b, "--json")
    #expect(run.code == 1)
    let found = try levels(run)
    #expect(found["names"] == "FAIL" && found["values"] == "FAIL" && found["tokens"] == "FAIL")
    #expect(found["types"] == "WARN" && found["config"] == "FAIL")
    #expect(found["origin"] == "WARN")
  }

  @Test(
    "Settings matter by what they mean",
    arguments: [
      ("\"resid_pdrop\": 0.1", "OK"), ("\"n_inner\": null", "OK"),
      ("\"layer_norm_epsilon\": 1", "WARN"),
      ("\"hidden_act\": \"gelu_new\"", "WARN"), ("\"hidden_act\": \"relu\"", "FAIL"),
    ])
  func settings(setting: String, level: String) throws {
    let a = try model("a", seed: 1, config: "{\"n_head\": 4, \"hidden_act\": \"gelu\"}")
    let activation = setting.contains("act\"") ? "" : ", \"hidden_act\": \"gelu\""
    let b = try model("b", seed: 1, config: "{\"n_head\": 4, \(setting)\(activation)}")
    #expect(try levels(Run("check", a, b, "--json"))["config"] == level)
  }

  @Test("Hidden units in another order fail, though the rest certifies a shared initialization")
  func permutedUnits() throws {
    let a = try model("a", seed: 1)
    let b = try model("b", seed: 1) { tensors in
      tensors = SmallModel(seed: 1).reorderingHidden((0..<64).reversed(), layer: 0).tensors(.gpt2)
    }
    let run = try Run("check", a, b)
    #expect(run.code == 1)
    #expect(
      run.lines.contains { $0.hasPrefix("FAIL  origin") && $0.contains("by chance in mlp.0") })
  }

  @Test("A base that is none is told")
  func foreignBase() throws {
    let models = try (model("a", seed: 1), model("b", seed: 1) { $0[0].bytes[0] ^= 1 })
    let run = try Run("check", models.0, models.1, "--base", model("c", seed: 2))
    #expect(
      run.lines.contains { $0.hasPrefix("WARN  task vectors") && $0.contains("far for fine-tunes") }
    )
  }

  @Test("A file that is no checkpoint ends with 2 and one line")
  func unusable() throws {
    let run = try Run("check", model("a", seed: 1), folder.path + "/missing")
    #expect(run.code == 2)
    #expect(run.errorLines.count == 1 && run.output.isEmpty)
  }
}
