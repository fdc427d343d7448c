import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct PyTorchLegacyFileTests {
  private let fixture: TorchFixture
  /// Six float32 values whose bytes count from 0, and a view of them.
  private static let six: (key: String, count: UInt64, bytes: [UInt8]) = ("7", 6, Array(0..<24))
  private static let matrix = LegacyTorchBytes.tensor(
    LegacyTorchBytes.storage("7", count: 6), shape: [3, 2], strides: [1, 3])

  init() throws { fixture = try TorchFixture() }

  private func open(
    _ entries: [(String, [UInt8])], change: (inout LegacyTorchBytes) -> Void = { _ in }
  ) throws -> PyTorchLegacyFile {
    var file = LegacyTorchBytes(
      PickleBytes.dictionary(entries), storages: [PyTorchLegacyFileTests.six])
    change(&file)
    return try fixture.openOlder(file.bytes)
  }

  @Test("Tensors are views of storages, and those of one storage share it")
  func views() throws {
    let row = LegacyTorchBytes.tensor(
      LegacyTorchBytes.storage("7", count: 6), offset: 4, shape: [2], strides: [1])
    let file = try open([("a", PyTorchLegacyFileTests.matrix), ("b", row)])
    #expect(file.records.map(\.name) == ["a", "b"])
    #expect(file.records[0].strides == [1, 3])
    #expect(file.records[1].offset - file.records[0].offset == 16)
    // Elements 0, 3, 1, 4, 2, 5 of four bytes each.
    let expected = [0, 3, 1, 4, 2, 5].flatMap { (4 * $0..<4 * $0 + 4).map(UInt8.init) }
    #expect(try elementBytes(file.records[0]) == expected)
    #expect(try elementBytes(file.records[1]) == Array(16..<24))
  }

  @Test("A storage may be a view of another")
  func storageView() throws {
    let part = LegacyTorchBytes.storage("7", count: 6, view: (2, 3))
    let file = try open([
      ("a", LegacyTorchBytes.tensor(part, offset: 1, shape: [2], strides: [1]))
    ])
    #expect(try elementBytes(file.records[0]) == Array(12..<20))
  }

  @Test("A view of a storage stays inside it", arguments: [(4, 3), (7, 0), (.max, 0)])
  func storageViewOutside(first: Int, count: Int) {
    let part = LegacyTorchBytes.storage("7", count: 6, view: (first, count))
    expectError(.malformed, "storage", tensor: "a") {
      try open([("a", LegacyTorchBytes.tensor(part, shape: [0], strides: [1]))])
    }
  }

  @Test("A view of a storage is a range", arguments: [(-1, 2), (.max, 1), (0, -1)])
  func noRange(first: Int, count: Int) {
    let part = LegacyTorchBytes.storage("7", count: 6, view: (first, count))
    expectError(.malformed, "storage") {
      try open([("a", LegacyTorchBytes.tensor(part, shape: [0], strides: [1]))])
    }
  }

  @Test("State dicts are found as in archives, and bytes at the end are noted")
  func wrapped() throws {
    let inner = PickleBytes.dictionary([("w", PyTorchLegacyFileTests.matrix)])
    let file = try open([("model", inner), ("epoch", [0x4B, 3])]) {
      $0.storages.append(("8", 0, [1, 2, 3]))
      $0.keys = [0x5D] + PickleBytes.text("7") + [0x61]
    }
    #expect(file.records.map(\.name) == ["w"])
    #expect(file.notes.first?.contains("'epoch'") == true)
    // The number of the second storage, which is not in the list, and its three bytes.
    #expect(file.notes.last?.contains("11 bytes") == true)
  }

  @Test("Pickles larger than the first piece that is tried are read")
  func large() throws {
    let long = String(repeating: "x", count: 600_000)
    let file = try open([("a", PyTorchLegacyFileTests.matrix), ("b", PickleBytes.text(long))])
    #expect(file.records.count == 1)
  }

  @Test("Another version is refused as such")
  func version() {
    expectError(.unsupported, "1001") {
      try open([("a", PyTorchLegacyFileTests.matrix)]) { $0.version = [0x4B, 1] }
    }
  }

  @Test("Sizes of storages are the pickle's", arguments: [0, 5, 7, UInt64.max])
  func otherCount(count: UInt64) {
    expectError(.malformed, "storage '7'") {
      try open([("a", PyTorchLegacyFileTests.matrix)]) { $0.storages[0].count = count }
    }
  }

  @Test("Storages lie within the file")
  func cutOff() {
    expectError(.malformed, "left") {
      try open([("a", PyTorchLegacyFileTests.matrix)]) { $0.storages[0].bytes.removeLast() }
    }
    expectError(.malformed, "left") {
      let part = LegacyTorchBytes.storage("7", count: .max)
      return try open([("a", LegacyTorchBytes.tensor(part, shape: [1], strides: [1]))]) {
        $0.storages[0].count = UInt64(Int.max)
      }
    }
  }

  @Test("The list of storages holds the pickle's keys, each once")
  func keys() {
    let lists: [[UInt8]] = [
      [0x5D] + PickleBytes.text("8") + [0x61], [0x5D, 0x4B, 7, 0x61], [0x4E],
      [0x5D, 0x28] + PickleBytes.text("7") + PickleBytes.text("7") + [0x65],
    ]
    for list in lists {
      expectError(.malformed, "storage") {
        try open([("a", PyTorchLegacyFileTests.matrix)]) {
          $0.keys = list
          $0.storages.append(("7", 6, Array(0..<24)))
        }
      }
    }
    expectError(.malformed, "not in the file", tensor: "a") {
      try open([("a", PyTorchLegacyFileTests.matrix)]) { $0.keys = [0x5D] }
    }
  }

  @Test("A storage of two types is refused, and one of an unknown type is")
  func types() {
    let halves = LegacyTorchBytes.storage("7", type: "HalfStorage", count: 6)
    expectError(.malformed, "two types") {
      try open([
        ("a", PyTorchLegacyFileTests.matrix),
        ("b", LegacyTorchBytes.tensor(halves, shape: [1], strides: [1])),
      ])
    }
    let strange = LegacyTorchBytes.storage("7", type: "StrangeStorage", count: 6)
    expectError(.unsupported, "StrangeStorage") {
      try open([("a", LegacyTorchBytes.tensor(strange, shape: [1], strides: [1]))])
    }
  }

  @Test("Names that run code are refused in every pickle of the file")
  func unsafe() {
    let call = PickleBytes.call("os", "system", [PickleBytes.text("true")])
    expectError(.unsafePickle, "os.system") {
      try open([("a", PyTorchLegacyFileTests.matrix), ("b", call)])
    }
    expectError(.unsafePickle, "os.system") {
      try open([("a", PyTorchLegacyFileTests.matrix)]) { $0.keys = call }
    }
  }
}
