import Checkpoints
import Tensors
import TestSupport
import Testing

@testable import Geometry

@Suite struct AxisMapTests {
  @Test("A line gives the roles of each axis, fused ones in order")
  func roles() throws {
    let map = try AxisMap(
      parsing: "h.*.c_attn.weight = residual, query+key+value after h.*.ln.weight  # fused",
      family: "test")
    #expect(map.axes(of: "h.3.c_attn.weight") == [[.residual], [.query, .key, .value]])
    #expect(map.gain(before: "h.3.c_attn.weight") == "h.3.ln.weight")
    #expect(map.axes(of: "h.3.c_attn.bias") == nil)
    #expect(map.axes(of: "h.3.0.c_attn.weight") == nil)
  }

  @Test("Directives tell of rotation and heads")
  func directives() throws {
    let map = try AxisMap(
      parsing: "rotary\n\nheads 8\nkey-value-heads 2\nw = token, residual", family: "test")
    #expect(map.hasRotaryPositions)
    #expect(map.heads == AttentionHeads(query: 8, keyValue: 2))
  }

  @Test(
    "A line that is no rule names itself",
    arguments: [
      ("w = token, residual\nwhat is this", "line 2 of the map is neither"),
      ("w = tokens", "'tokens' is no role"), ("w =", "line 1 of the map names no axis"),
      ("w = token after", "should be: name = role"), ("heads 0", "'0' is no positive number"),
      ("heads 3\nkey-value-heads 2\nw = token", "cannot share"), ("# empty", "names no parameter"),
    ])
  func malformed(text: String, message: String) throws {
    let error = try #require(throws: CheckpointError.self) {
      _ = try AxisMap(parsing: text, family: "names.map")
    }
    #expect(error.description.contains(message))
    #expect(error.description.hasPrefix("names.map: "))
  }

  @Test("Every map that is built in can be read", arguments: AxisMap.knownFamilies.map(\.name))
  func builtIn(name: String) throws {
    let text = try #require(AxisMap.knownFamilies.first { $0.name == name }?.map)
    let map = try AxisMap(parsing: text, family: name)
    #expect(map.family == name)
  }

  @Test("Heads of keys divide heads of queries")
  func heads() {
    #expect(AttentionHeads(query: 8, keyValue: 3) == nil)
    #expect(AttentionHeads(query: 0) == nil)
    let shared = AttentionHeads(query: 8, keyValue: 2)
    #expect(shared?.count(along: .context) == 8)
    #expect(shared?.count(along: .value) == 2)
    #expect(shared?.count(along: .residual) == nil)
  }
}
