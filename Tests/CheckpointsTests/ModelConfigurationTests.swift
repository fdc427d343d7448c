import TestSupport
import Testing

@testable import Checkpoints

@Suite struct ModelConfigurationTests {
  private func parse(_ text: String) throws -> ModelConfiguration {
    try ModelConfiguration(parsing: Array(text.utf8), path: "config.json")
  }

  @Test("Integers of the outermost object are found, under the first name that is there")
  func integers() throws {
    let found = try parse(
      """
      {"n_head": 12, "name": "x", "list": [1, {"n_layer": 3}],
       "text_config": {"num_attention_heads": 7}, "num_key_value_heads" : 4 }
      """)
    #expect(found.integer("n_head") == 12)
    #expect(found.integer("missing", "num_key_value_heads", "n_head") == 4)
    #expect(found.integer("num_attention_heads") == nil)
    #expect(found.integer("n_layer") == nil)
    #expect(found.integer("name") == nil)
    #expect(found.integer() == nil)
  }

  @Test(
    "What is no integer, or too large for one, is as if it were not there",
    arguments: [
      "null", "1.5", "1.0", "1e3", "-4", "true", "\"12\"", "[12]", "99999999999999999999",
      "9223372036854775808", "1e999",
    ])
  func others(value: String) throws {
    let found = try parse("{\"n_head\": \(value), \"n_layer\": 2}")
    #expect(found.integer("n_head") == nil)
    #expect(found.integer("n_layer") == 2)
  }

  @Test("The largest integer is one, and the last of equal keys counts")
  func edges() throws {
    #expect(try parse("{\"n\": 9223372036854775807}").integer("n") == Int.max)
    #expect(try parse("{\"n\": 0}").integer("n") == 0)
    #expect(try parse("{\"n\": 1, \"n\": 2}").integer("n") == 2)
    #expect(try parse("{\"n\": 1, \"n\": 1.5}").integer("n") == nil)
    #expect(try parse(" { } ").integer("n") == nil)
  }

  @Test(
    "What is no JSON object is an error that names the file and the byte",
    arguments: [
      "", "[]", "12", "{", "{\"a\"}", "{\"a\": }", "{\"a\": 01}", "{\"a\": 1,}", "{\"a\": 1} x",
      "{\"a\": nul}", "{'a': 1}", String(repeating: "{\"a\":", count: 100_000),
    ])
  func malformed(text: String) throws {
    let error = try #require(throws: CheckpointError.self) { _ = try parse(text) }
    #expect(error.reason == .malformed)
    #expect(error.description.hasPrefix("config.json: byte "))
  }

  @Test("It is read beside a checkpoint, if there is one")
  func beside() throws {
    let folder = try TemporaryFolder()
    let model = try folder.checkpoint("model.safetensors", [.init("a", [1], [1])])
    #expect(try ModelConfiguration(beside: model) == nil)
    let path = try folder.write(Array("{\"n_head\": 3}".utf8), to: "config.json")
    let found = try #require(try ModelConfiguration(beside: model))
    #expect(found.integer("n_head") == 3)
    #expect(found.path == path)
    try folder.write(Array("nonsense".utf8), to: "config.json")
    #expect(throws: CheckpointError.self) { _ = try ModelConfiguration(beside: model) }
    try folder.write(repeated([0x20], 1 << 22 + 1), to: "config.json")
    #expect(throws: CheckpointError.self) { _ = try ModelConfiguration(beside: model) }
  }
}
