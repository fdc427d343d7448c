import Checkpoints
import TestSupport
import Testing

@Suite struct StateDictionaryTests {
  private let files: TorchFixture
  private let matrix = TorchFixture.matrix
  private let row = TorchFixture.row

  init() throws { files = try TorchFixture() }

  private func names(_ root: [UInt8]) throws -> [String] {
    try files.open(root).records.map(\.name.text)
  }

  @Test(
    "A state dict is found under each key that scripts use",
    arguments: ["state_dict", "model_state_dict", "model", "module", "params", "net", "weights"])
  func wrappers(key: String) throws {
    let archive = try files.open(
      PickleBytes.dictionary([
        ("epoch", [0x4B, 3]), (key, PickleBytes.dictionary([("a", matrix)])),
        ("optimizer", PickleBytes.dictionary([("state", PickleBytes.dictionary([("m", row)]))])),
        ("best", row),
      ]))
    #expect(archive.records.map(\.name) == ["a"])
    #expect(
      archive.notes
        == ["the tensors are those under '\(key)'; left out: 'epoch', 'optimizer', 'best'"])
  }

  @Test("The first of several such keys counts, and one may lie in another")
  func wrapperOrder() throws {
    let dict = { (name: String, tensor: [UInt8]) in PickleBytes.dictionary([(name, tensor)]) }
    #expect(
      try names(
        PickleBytes.dictionary([("net", dict("n", row)), ("model", dict("m", row))])) == ["m"])
    #expect(
      try names(PickleBytes.dictionary([("model", dict("state_dict", dict("s", row)))])) == ["s"])
    #expect(
      try names(
        PickleBytes.dictionary([("state_dict", dict("lr", [0x4E])), ("net", dict("n", row))]))
        == ["n"])
    #expect(
      try names(PickleBytes.dictionary([("model", dict("net", dict("n", row)))])) == ["net.n"])
  }

  @Test("Dicts within are flattened; integer keys are written in decimal; the rest is noted")
  func flattening() throws {
    let inner = PickleBytes.dictionary([
      (key: [0x4B, 7], value: row), (key: [0x4E], value: [0x4E]),
    ])
    let archive = try files.open(
      PickleBytes.dictionary([("top", matrix), ("in", inner), ("step", [0x4B, 1])]))
    #expect(archive.records.map(\.name) == ["top", "in.7"])
    #expect(
      archive.notes == [
        "entries that are no tensors are left out: a number, list, or the like, 'step'"
      ])
  }

  @Test("Names that are not unique or no text are refused")
  func badNames() {
    let inner = PickleBytes.dictionary([("b", row)])
    expectError(.malformed, "twice", tensor: "a.b") {
      try files.open(PickleBytes.dictionary([("a.b", row), ("a", inner)]))
    }
    expectError(.malformed, "twice", tensor: "a") {
      try files.open(PickleBytes.dictionary([("a", row), ("a", matrix)]))
    }
    expectError(.malformed, "neither a string nor an integer") {
      try files.open(PickleBytes.dictionary([(key: [0x29], value: row)]))
    }
    expectError(.malformed, "'model' appears twice") {
      try files.open(PickleBytes.dictionary([("model", inner), ("model", inner)]))
    }
  }

  @Test("A dict in two places, or in itself, is refused rather than walked again and again")
  func sharedDictionaries() {
    var body = PickleBytes.dictionary([("t", row)])
    for index: UInt8 in 0..<100 {
      body += [0x71, index, 0x30, 0x7D, 0x28]
      for key in ["a", "b"] { body += PickleBytes.text(key) + [0x68, index] }
      body += [0x75]
    }
    expectError(.malformed, "in another place") {
      try files.open(PickleBytes.dictionary([("first", row), ("laughs", body)]))
    }
    let cycle = [0x7D, 0x71, 0] + PickleBytes.text("t") + row + [0x73]
    expectError(.malformed, "in itself") {
      try files.open(cycle + PickleBytes.text("me") + [0x68, 0, 0x73])
    }
  }

  @Test("Dicts nested deeper than 128 are refused, and names that fill memory too")
  func depth() {
    let nested = { (levels: Int, key: String) in
      (0..<levels).reduce(PickleBytes.dictionary([("t", row)])) { inner, _ in
        PickleBytes.dictionary([(key, inner)])
      }
    }
    expectError(.malformed, "deeper than 128") {
      try files.open(PickleBytes.dictionary([("t", row), ("d", nested(200, "d"))]))
    }
    expectError(.malformed, "names of more than") {
      let long = String(repeating: "x", count: 20_000)
      return try files.open(PickleBytes.dictionary([("t", row), ("d", nested(100, long))]))
    }
  }

  @Test("A checkpoint without tensors says what it has")
  func noTensors() {
    expectError(.noCheckpoint, "its keys are: 'epoch', 'lr'") {
      try files.open(PickleBytes.dictionary([("epoch", [0x4B, 1]), ("lr", [0x4B, 2])]))
    }
    expectError(.noCheckpoint, "its keys are: none") { try files.open([0x7D]) }
    expectError(.noCheckpoint, "a tuple") { try files.open([0x29]) }
    expectError(.noCheckpoint, "an object made by torch._utils._rebuild_tensor_v2") {
      try files.open(matrix)
    }
    expectError(.noCheckpoint, "an object made by torch.nn.modules.linear.Linear") {
      try files.open(
        PickleBytes.global("torch.nn.modules.linear", "Linear") + [0x29, 0x81, 0x7D, 0x62])
    }
  }
}
