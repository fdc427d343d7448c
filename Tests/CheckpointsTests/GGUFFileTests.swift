import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct GGUFFileTests {
  private let folder: TemporaryFolder
  private static let matrix = GGUFBytes.Tensor("m", [3, 2], type: 0, Array(0..<24))

  /// Four blocks of Q8_0 with factor 1, whose numbers count from 0 and wrap at 128.
  private static let blocks: [UInt8] = (UInt8(0)..<4).flatMap { block -> [UInt8] in
    [0x00, 0x3C] + (0..<32).map { block * 32 + $0 }
  }

  init() throws { folder = try TemporaryFolder() }

  private func open(
    _ tensors: [GGUFBytes.Tensor], _ entries: [(key: String, value: [UInt8])] = [],
    change: (inout GGUFBytes) -> Void = { _ in }
  ) throws -> GGUFFile {
    var file = GGUFBytes(tensors, entries: entries)
    change(&file)
    return try GGUFFile(folder.write(file.bytes, to: "model.gguf"))
  }

  private func floats(_ record: TensorRecord) throws -> [Float] {
    try elementBytes(record).withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map {
        bytes.loadUnaligned(fromByteOffset: $0, as: Float.self)
      }
    }
  }

  @Test("Plain tensors are read with their extents reversed", arguments: [2, 3] as [UInt32])
  func plain(version: UInt32) throws {
    let scalar = GGUFBytes.Tensor("s", [], type: 30, [1, 2])
    let file = try open([GGUFFileTests.matrix, scalar]) { $0.version = version }
    #expect(file.records.map(\.shape.dimensions) == [[2, 3], []])
    #expect(file.records.map(\.dtype) == [.float32, .bfloat16])
    #expect(try file.records.map { try elementBytes($0) } == [Array(0..<24), [1, 2]])
  }

  @Test("Metadata are shown as text, and arrays by what they hold")
  func metadata() throws {
    let words =
      littleEndian(UInt32(9)) + littleEndian(UInt32(8)) + littleEndian(UInt64(2))
      + GGUFBytes.text("a") + GGUFBytes.text("bc")
    let half = littleEndian(UInt32(6)) + littleEndian(Float(0.5).bitPattern)
    let file = try open(
      [GGUFFileTests.matrix],
      [
        ("general.architecture", GGUFBytes.string("gpt2")), ("n", GGUFBytes.number(7)),
        ("words", words), ("half", half), ("yes", littleEndian(UInt32(7)) + [1]),
      ])
    let expected = ["gpt2", "7", "array of 2 string", "0.5", "true"]
    #expect(file.metadata.map(\.value) == expected)
  }

  @Test("The data begin at a multiple of the alignment", arguments: [8, 64])
  func alignment(value: Int) throws {
    let entry = ("general.alignment", GGUFBytes.number(UInt32(value)))
    let file = try open([GGUFFileTests.matrix], [entry]) { $0.alignment = value }
    #expect(try elementBytes(file.records[0]) == Array(0..<24))
  }

  // 1.5 is 0x3E00 in binary16, 0.25 is 0x3400.

  @Test("Q4_0 numbers are 8 less than their bits, and the second 16 are the upper halves")
  func q4x0() throws {
    let packed = (UInt8(0)..<16).map { $0 | (15 - $0) << 4 }
    let block: [UInt8] = [0x00, 0x3E] + packed
    let file = try open([.init("w", [32], type: 2, block)])
    let expected = (0..<32).map { (index: Int) -> Float in
      let bits = index < 16 ? index : 31 - index
      return 1.5 * Float(bits - 8)
    }
    #expect(try floats(file.records[0]) == expected)
    #expect(file.notes.first?.contains("1 as Q4_0") == true)
  }

  @Test("Q8_0 numbers are signed bytes, Q4_1 and Q5_1 have a minimum")
  func others() throws {
    let file = try open([
      .init("a", [32], type: 8, [0x00, 0x3E] + repeated([0xFE], 32)),
      .init("b", [32], type: 3, [0x00, 0x3E, 0x00, 0x34] + repeated([0x52], 16)),
      .init("c", [32], type: 7, [0, 0x3E, 0, 0x34, 1, 0, 0, 0x80] + repeated([0x52], 16)),
    ])
    #expect(try floats(file.records[0]) == Array(repeating: -3, count: 32))
    let halves = (0..<32).map { Float($0 < 16 ? 3.25 : 7.75) }
    #expect(try floats(file.records[1]) == halves)
    // The fifth bits of the first and the last number.
    var withFifth = halves
    (withFifth[0], withFifth[31]) = (27.25, 31.75)
    #expect(try floats(file.records[2]) == withFifth)
  }

  @Test("Any part of quantized elements can be read")
  func parts() throws {
    let record = try open([.init("w", [64, 2], type: 8, GGUFFileTests.blocks)]).records[0]
    let reader = ElementReader(record)
    var numbers = [Float](repeating: 0, count: 70)
    try numbers.withUnsafeMutableBufferPointer { try reader.readFloats(29..<99, into: $0) }
    #expect(numbers == (29..<99).map { Float(Int8($0)) })
  }

  @Test("GPT-2's tensors have transformers' names, and Conv1D's matrices its layout")
  func gpt2() throws {
    let file = try open(
      [
        .init("blk.1.attn_qkv.weight", [32, 4], type: 8, GGUFFileTests.blocks),
        .init("blk.1.attn_qkv.bias", [4], type: 0, Array(0..<16)),
        .init("blk.0.ffn_up.weight", [3, 2], type: 0, Array(0..<24)),
        .init("token_embd.weight", [3, 2], type: 0, Array(0..<24)),
        .init("blk.x.ffn_up.weight", [1], type: 24, [1]),
      ], [("general.architecture", GGUFBytes.string("gpt2"))])
    #expect(
      file.records.map(\.name) == [
        "transformer.h.1.attn.c_attn.weight", "transformer.h.1.attn.c_attn.bias",
        "transformer.h.0.mlp.c_fc.weight", "transformer.wte.weight", "blk.x.ffn_up.weight",
      ])
    #expect(file.records.map(\.shape.dimensions) == [[32, 4], [4], [3, 2], [2, 3], [1]])
    let transposed = (0..<32).flatMap { (row: Int) -> [Float] in
      (0..<4).map { Float($0 * 32 + row) }
    }
    #expect(try floats(file.records[0]) == transposed)
    let elements = [0, 3, 1, 4, 2, 5].flatMap { (element: UInt8) -> [UInt8] in
      Array(4 * element..<4 * element + 4)
    }
    #expect(try elementBytes(file.records[2]) == elements)
  }

  @Test("The halves of Llama's heads follow each other, also after a transposition")
  func llama() throws {
    // Two heads of 4 rows: the file has rows 0 2 1 3 of each.
    let rows: [UInt8] = [0, 2, 1, 3, 4, 6, 5, 7]
    let query = GGUFBytes.Tensor(
      "blk.0.attn_q.weight", [2, 8], type: 24, rows.flatMap { [$0, $0] })
    let key = GGUFBytes.Tensor("blk.0.attn_k.weight", [2, 4], type: 24, [0, 0, 2, 2, 1, 1, 3, 3])
    let bias = GGUFBytes.Tensor("blk.0.attn_q.bias", [8], type: 24, rows)
    let file = try open(
      [query, key, bias],
      [
        ("general.architecture", GGUFBytes.string("llama")),
        ("llama.attention.head_count", GGUFBytes.number(2)),
        ("llama.attention.head_count_kv", GGUFBytes.number(1)),
      ])
    #expect(file.records[0].name == "model.layers.0.self_attn.q_proj.weight")
    #expect(try elementBytes(file.records[0]) == (0..<8).flatMap { [$0, $0] })
    #expect(try elementBytes(file.records[1]) == (0..<4).flatMap { [$0, $0] })
    #expect(try elementBytes(file.records[2]) == Array(0..<8))
    #expect(try elementBytes(file.records[0].transposed) == Array(0..<8) + Array(0..<8))
    #expect(try elementBytes(file.records[0].prefix(rows: 3)) == [0, 0, 1, 1, 2, 2])
  }

  @Test("Heads that do not divide the rows are refused", arguments: [0, 3, 8] as [UInt32])
  func heads(count: UInt32) {
    expectError(.malformed, "heads", tensor: "model.layers.0.self_attn.q_proj.weight") {
      try open(
        [.init("blk.0.attn_q.weight", [1, 8], type: 24, Array(0..<8))],
        [
          ("general.architecture", GGUFBytes.string("llama")),
          ("llama.attention.head_count", GGUFBytes.number(count)),
        ])
    }
  }

  @Test("Other versions and types are refused by name")
  func unsupported() {
    for (version, word) in [(1, "version 1"), (4, "version 4"), (3 << 24, "big-endian")] {
      expectError(.unsupported, word) {
        try open([GGUFFileTests.matrix]) { $0.version = UInt32(version) }
      }
    }
    for (type, word) in [(20, "IQ4_NL"), (99, "number 99")] as [(UInt32, String)] {
      expectError(.unsupported, word, tensor: "w") { try open([.init("w", [32], type: type, [])]) }
    }
  }

  @Test("Tensors lie within the data, apart, aligned, and in whole blocks")
  func places() {
    let matrix = GGUFFileTests.matrix
    let cases: [(String, (inout GGUFBytes) -> Void)] = [
      ("outside", { $0.tensors[0].offset = 32 }), ("beyond", { $0.tensors[0].offset = .max }),
      ("multiple", { $0.tensors[0].offset = 4 }), ("outside", { $0.tensors[0].extents = [9, 2] }),
      ("addressed", { $0.tensors[0].extents = [1 << 62, 4] }),
      ("extents", { $0.tensors[0].extents = [1, 1, 1, 1, 1] }),
      ("blocks", { ($0.tensors[0].type, $0.tensors[0].extents) = (8, [33]) }),
    ]
    for (word, change) in cases {
      expectError(.malformed, word, tensor: "m") { try open([matrix], change: change) }
    }
    var other = matrix
    other.name = "n"
    expectError(.malformed, "shares bytes", tensor: "n") {
      try open([matrix, other]) { $0.tensors[1].offset = 0 }
    }
    expectError(.malformed, "twice", tensor: "m") { try open([matrix, matrix]) }
  }

  @Test("Lengths and counts beyond the file are refused before anything is allocated")
  func lengths() {
    let huge = littleEndian(UInt64(1) << 62)
    for value in [
      littleEndian(UInt32(8)) + huge, littleEndian(UInt32(9)) + littleEndian(UInt32(0)) + huge,
      littleEndian(UInt32(9)) + littleEndian(UInt32(8)) + huge,
    ] {
      expectError(.malformed, "beyond the end") { try open([], [("k", value)]) }
    }
    expectError(.malformed, "beyond the end") { try open([]) { $0.tensorCount = 1 << 60 } }
    let nested = repeated(littleEndian(UInt32(9)) + littleEndian(UInt64(1)), 50)
    expectError(.malformed, "nested") {
      try open([], [("k", littleEndian(UInt32(9)) + nested)])
    }
  }

  @Test("Metadata are of known types, and each key comes once")
  func entries() {
    expectError(.malformed, "type 13") { try open([], [("k", littleEndian(UInt32(13)))]) }
    let one = GGUFBytes.number(1)
    expectError(.malformed, "twice") { try open([], [("k", one), ("k", one)]) }
    for value: UInt32 in [0, 3, 1 << 31] {
      expectError(.malformed, "power of two") {
        try open([], [("general.alignment", GGUFBytes.number(value))])
      }
    }
  }
}
