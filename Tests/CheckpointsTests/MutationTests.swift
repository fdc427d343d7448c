import Checkpoints
import Foundation
import TestSupport
import Testing

/// Good files with a few bytes changed, or cut off, are read or refused; nothing else happens.
@Suite struct MutationTests {
  private static let count = 2000

  private static var archive: [UInt8] {
    let tensor = PickleBytes.tensor(count: 6, shape: [3, 2], strides: [1, 3])
    let inner = PickleBytes.dictionary([("a", tensor), ("b", tensor)])
    let root = PickleBytes.dictionary([("model", inner), ("epoch", [0x4B, 1])])
    var zip = ZipBytes.torch(
      pickle: PickleBytes.file(root), storages: [("0", Array(0..<24))],
      others: [.init("byteorder", Array("little".utf8)), .init("version", [0x33, 0x0A])])
    zip.isLong = true
    zip.entries[1].isLong = true
    return zip.bytes
  }

  private static var legacy: [UInt8] {
    let storage = LegacyTorchBytes.storage("0", count: 6)
    let inner = PickleBytes.dictionary([
      ("a", LegacyTorchBytes.tensor(storage, shape: [3, 2], strides: [1, 3]))
    ])
    let root = PickleBytes.dictionary([("model", inner), ("epoch", [0x4B, 1])])
    return LegacyTorchBytes(root, storages: [("0", 6, Array(0..<24))]).bytes
  }

  private static var arrays: [UInt8] {
    let array = NumPyBytes.file("<f4", "3, 2", isColumnMajor: true, data: Array(0..<24))
    var entry = ZipBytes.Entry("b.npy", NumPyBytes.deflated(array))
    (entry.method, entry.contentSize) = (8, UInt32(array.count))
    return ZipBytes([.init("a.npy", array), entry]).bytes
  }

  private static var array: [UInt8] { NumPyBytes.file(">f8", "2, 1", data: Array(0..<16)) }

  private static var gguf: [UInt8] {
    let block: [UInt8] = [0x00, 0x3E] + (0..<32)
    return GGUFBytes(
      [
        .init("blk.0.attn_q.weight", [32, 4], type: 8, repeated(block, 4)),
        .init("w", [3, 2], type: 0, Array(0..<24)),
      ],
      entries: [
        ("general.architecture", GGUFBytes.string("llama")),
        ("llama.attention.head_count", GGUFBytes.number(2)),
      ]
    ).bytes
  }

  private static var safetensors: [UInt8] {
    SafetensorsBytes.file([
      ("a", "F32", [2, 3], Array(0..<24)), ("b", "U8", [], [1]), ("c", "I64", [0], []),
    ])
  }

  private static var onnx: [UInt8] {
    let field = { (number: UInt8, content: [UInt8]) in
      [number << 3 | 2, UInt8(content.count)] + content
    }
    let raw = [0x08, 2, 0x08, 3, 0x10, 1] + field(8, [0x77]) + field(9, Array(0..<24))
    let packed = field(1, [2]) + [0x10, 1] + field(4, Array(0..<8)) + field(8, [0x76])
    return [0x08, 0x0A] + field(2, [0x78]) + field(7, field(5, raw) + field(5, packed))
  }

  @Test(
    "Any mutation is read or refused",
    arguments: [
      ("pt", archive), ("bin", legacy), ("safetensors", safetensors), ("npz", arrays),
      ("npy", array),
      ("gguf", gguf), ("onnx", onnx),
    ])
  func mutations(suffix: String, bytes: [UInt8]) throws {
    let folder = try TemporaryFolder()
    var generator = SplitMix64(state: 20_261_123)
    var refused = 0
    for _ in 0..<MutationTests.count {
      let mutated = MutationTests.mutate(bytes, &generator)
      let path = try folder.write(mutated, to: "mutated." + suffix)
      do {
        for record in try openCheckpoint(path).records { _ = try elementBytes(record) }
      } catch let error as CheckpointError {
        refused += 1
        #expect(error.description.isOneLine)
      }
    }
    #expect(refused > MutationTests.count / 2)
  }

  static func mutate(_ bytes: [UInt8], _ generator: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    if Int.random(in: 0..<8, using: &generator) == 0 {
      return Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &generator)))
    }
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let position = Int.random(in: 0..<bytes.count, using: &generator)
      let edges: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF, bytes[position] ^ 1, bytes[position] &+ 1]
      bytes[position] = edges.randomElement(using: &generator) ?? 0
    }
    return bytes
  }
}

/// The same numbers on every run.
///
/// Source: Steele, Lea & Flood 2014, "Fast Splittable Pseudorandom Number Generators", figure 17.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
