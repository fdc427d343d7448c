import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct NumPyFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ bytes: [UInt8]) throws -> any Checkpoint {
    try openCheckpoint(folder.write(bytes, to: "array.npy"))
  }

  private func open(_ zip: ZipBytes) throws -> any Checkpoint {
    try openCheckpoint(folder.write(zip.bytes, to: "arrays.npz"))
  }

  private static func compressed(_ name: String, _ array: [UInt8]) -> ZipBytes.Entry {
    var entry = ZipBytes.Entry(name + ".npy", NumPyBytes.deflated(array))
    (entry.method, entry.contentSize) = (8, UInt32(array.count))
    return entry
  }

  @Test(
    "Every element type is known, in both orders of bytes",
    arguments: [
      ("f2", DType.float16), ("f4", .float32), ("f8", .float64), ("i1", .int8), ("i2", .int16),
      ("i4", .int32), ("i8", .int64), ("u1", .uint8), ("u2", .uint16), ("u4", .uint32),
      ("u8", .uint64), ("b1", .bool),
    ])
  func types(code: String, dtype: DType) throws {
    let bytes = (0..<UInt8(2 * dtype.byteCount)).map { $0 % 2 }
    for (order, isSwapped) in [("<", false), (">", true), ("|", false)] {
      let record = try #require(
        open(NumPyBytes.file(order + code, "2,", data: bytes)).records.first)
      let halves = [bytes.prefix(dtype.byteCount), bytes.suffix(dtype.byteCount)]
      let expected = isSwapped ? halves.flatMap { $0.reversed() } : bytes
      #expect(record.dtype == dtype)
      #expect(try elementBytes(record) == expected)
    }
  }

  @Test("Arrays in Fortran's order are read in row-major order")
  func columnMajor() throws {
    let array = NumPyBytes.file("|u1", "2, 3", isColumnMajor: true, data: [0, 3, 1, 4, 2, 5])
    #expect(try elementBytes(#require(open(array).records.first)) == [0, 1, 2, 3, 4, 5])
    let zip = ZipBytes([NumPyFileTests.compressed("a", array)])
    #expect(try elementBytes(#require(open(zip).records.first)) == [0, 1, 2, 3, 4, 5])
  }

  @Test(
    "Scalars, empty arrays, and numbers as Python 2 wrote them",
    arguments: [
      ("", [Int](), 1), ("0, 4", [0, 4], 0), ("2L, 1L", [2, 1], 2), ("3,", [3], 3),
    ])
  func shapes(text: String, shape: [Int], count: Int) throws {
    let file = NumPyBytes.file("|i1", text, data: Array(repeating: 7, count: count))
    #expect(try open(file).records.first?.shape.dimensions == shape)
  }

  @Test(
    "Headers that are not what NumPy writes are refused",
    arguments: [
      "", "{", "{}", "[1]", "{'descr': '<f4'}", "{'descr': '<f4', 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + x",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'other': 1}",
      "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 9223372036854775808)}",
      "{'descr': f(), 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<\\x664', 'fortran_order': False, 'shape': (1,)}",
    ])
  func badHeader(header: String) {
    expectError(.malformed, "header", tensor: "arr_0") {
      try open(NumPyBytes.file(header: header, data: [0, 0, 0, 0]))
    }
  }

  @Test(
    "Other kinds of elements are refused by name",
    arguments: [
      ("|O", "Python objects"), ("<c8", "c8"), ("<f16", "f16"), ("<M8[ns]", "M8"),
      ("|V2", "V2"), ("f4", "f4"),
    ])
  func unsupported(type: String, word: String) {
    expectError(.unsupported, word, tensor: "arr_0") {
      try open(NumPyBytes.file(type, "1,", data: [0, 0, 0, 0]))
    }
    expectError(.unsupported, "fields", tensor: "arr_0") {
      try open(NumPyBytes.file(header: "{'descr': [('a', '<f4')], }", data: []))
    }
  }

  @Test("The elements take the rest of the file, no less and no more", arguments: [0, 3, 5, 8])
  func size(count: Int) {
    let data = [UInt8](repeating: 0, count: count)
    expectError(.malformed, "takes 4", tensor: "arr_0") {
      try open(NumPyBytes.file("<f4", "1,", data: data))
    }
  }

  @Test("Versions 2 and 3 have longer headers, and others are refused")
  func versions() throws {
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }"
    for version: UInt8 in [2, 3] {
      let file = NumPyBytes.file(header: header, version: version, data: [9])
      #expect(try open(file).records.count == 1)
    }
    expectError(.unsupported, "version 4", tensor: "arr_0") {
      try open(NumPyBytes.file(header: header, version: 4, data: [9]))
    }
  }

  @Test("Arrays of an archive have their entries' names, with dots for slashes")
  func archive() throws {
    let one = NumPyBytes.file("|u1", "1,", data: [5])
    let checkpoint = try open(
      ZipBytes([
        .init("h/0/weight.npy", one), NumPyFileTests.compressed("b", one), .init("note", [1]),
      ]))
    #expect(checkpoint.format == "npz")
    #expect(checkpoint.records.map(\.name) == ["h.0.weight", "b"])
    #expect(checkpoint.notes == ["entries that are no arrays are left out: 1"])
    #expect(try checkpoint.records.map { try elementBytes($0) } == [[5], [5]])
    expectError(.malformed, "twice", tensor: "a.b") {
      try open(ZipBytes([.init("a/b.npy", one), .init("a.b.npy", one)]))
    }
  }

  @Test("Compressed arrays are read from any place, also backwards and by several threads")
  func inflated() async throws {
    // Three pieces of a megabyte and a little more.
    let data = (0..<(3 << 20) + 77).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    let array = NumPyBytes.file("|u1", "\(data.count),", data: data)
    let record = try #require(
      open(ZipBytes([NumPyFileTests.compressed("a", array)])).records.first)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for start in [0, 2 << 20, (1 << 20) - 5, (3 << 20) - 1, 10] {
        group.addTask {
          let reader = ElementReader(record)
          try withUnsafeTemporaryAllocation(byteCount: 60, alignment: 1) { scratch in
            let bytes = try reader.bytes(of: start..<start + 60, scratch: scratch)
            #expect(bytes.elementsEqual(data[start..<start + 60]))
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try elementBytes(record, block: 1 << 16) == data)
  }

  @Test("Damaged compressed arrays are refused when they are read, in any order")
  func damaged() throws {
    let rows = "20000"
    for isColumnMajor in [false, true] {
      let array = NumPyBytes.file(
        "<f4", "\(rows), 2", isColumnMajor: isColumnMajor, data: repeated([0, 0, 128, 63], 40000))
      for change in [-1, 1, 0] {
        var entry = NumPyFileTests.compressed("a", array)
        if change < 0 { entry.content.removeLast(30) }
        if change > 0 { entry.content += [1, 2, 3] }
        if change == 0 { entry.content[70_000] = 0xFF; entry.content[65_540] ^= 0xFF }
        expectError(.malformed, "byte", tensor: "a") {
          let checkpoint = try open(ZipBytes([entry]))
          _ = try elementBytes(checkpoint.records[0])
          return checkpoint
        }
      }
    }
  }

  @Test("A compressed array cannot be larger than Deflate makes any")
  func bomb() {
    var entry = NumPyFileTests.compressed("a", NumPyBytes.file("|u1", "1,", data: [5]))
    entry.contentSize = 4_000_000_000
    expectError(.malformed, "cannot hold", tensor: "a") { try open(ZipBytes([entry])) }
    entry.method = 12
    expectError(.unsupported, "Deflate", tensor: "a") { try open(ZipBytes([entry])) }
  }

  @Test("A small file that would become a hundred megabytes is refused when it is opened")
  func decompressionLimit() {
    let data = [UInt8](repeating: 0, count: 120_000)
    let array = NumPyBytes.file("|u1", "100000000,", data: data)
    var entry = NumPyFileTests.compressed("a", array)
    entry.contentSize = UInt32(array.count - data.count + 100_000_000)
    expectError(.unsupported, "decompressed") { try open(ZipBytes([entry])) }
  }
}
