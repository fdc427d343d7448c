import Foundation
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct SafetensorsWriterTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/out.safetensors" }

  init() throws { folder = try TemporaryFolder() }

  private func entry(_ name: String, _ dtype: DType, _ dimensions: [Int]) throws
    -> SafetensorsWriter.Entry
  {
    .init(name: TensorName(name), dtype: dtype, shape: try #require(Shape(dimensions)))
  }

  /// Writes tensors whose bytes are all their position in the list.
  private func write(
    _ entries: [SafetensorsWriter.Entry], metadata: [(key: String, value: String)] = []
  ) throws -> SafetensorsFile {
    let writer = try SafetensorsWriter(path, entries: entries, metadata: metadata)
    // The order of writing is nobody's business.
    for index in entries.indices.reversed() {
      let count = entries[index].shape.byteCount(of: entries[index].dtype)
      try [UInt8](repeating: UInt8(index), count: count).withUnsafeBytes {
        try writer.write($0, of: index, from: 0)
      }
    }
    try writer.commit()
    return try SafetensorsFile(path)
  }

  @Test("What is written is read again: names, types, shapes, order and bytes")
  func roundTrip() throws {
    let entries = [
      try entry("b \"quoted\" \\ \n é", .bfloat16, [3]), try entry("a", .float32, [2, 2]),
      try entry("none", .float64, [0, 5]), try entry("scalar", .float64, []),
      try entry("bytes", .uint8, [3]), try entry("last", .float16, [1]),
    ]
    let file = try write(entries)
    #expect(file.records.map(\.name) == entries.map(\.name))
    #expect(file.records.map(\.dtype) == entries.map(\.dtype))
    #expect(file.records.map(\.shape) == entries.map(\.shape))
    for (index, record) in file.records.enumerated() {
      #expect(try elementBytes(record).allSatisfy { $0 == UInt8(index) })
    }
  }

  @Test("More bytes than can be counted are refused")
  func overflow() throws {
    let huge = try entry("a", .float64, [Int.max / 8])
    let error = try #require(throws: OutputError.self) {
      _ = try SafetensorsWriter(path, entries: [huge, try entry("b", .float64, [2])], metadata: [])
    }
    #expect(error.description.contains("more than a file can have"))
  }

  @Test("Every tensor is aligned as its type wants, and the data begin at a multiple of 8")
  func alignment() throws {
    for length in 1...9 {
      let file = try write([
        try entry(String(repeating: "x", count: length), .uint8, [3]),
        try entry("b", .bfloat16, [1]),
        try entry("c", .float32, [1]), try entry("d", .float64, [1]),
      ])
      for record in file.records { #expect(record.offset % record.dtype.byteCount == 0) }
      #expect(try #require(file.records.map(\.offset).min()) % 8 == 0)
    }
  }

  @Test("Metadata are kept in order; of equal keys the first counts")
  func metadata() throws {
    let file = try write(
      [],
      metadata: [("z", "1 \"\u{1}"), ("format", "pt"), ("z", "2"), ("e\u{301}", "3"), ("é", "4")])
    #expect(file.metadata.map(\.key.utf8.count) == [1, 6, 3, 2])
    #expect(file.metadata.map(\.value) == ["1 \"\u{1}", "pt", "3", "4"])
  }

  @Test("A file that is not committed leaves nothing, and what was there before")
  func abandoning() throws {
    try folder.write([1, 2, 3], to: "out.safetensors")
    var writer: SafetensorsWriter? = try SafetensorsWriter(
      path, entries: [entry("a", .float32, [1])], metadata: [])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
    writer = nil
    _ = writer
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.safetensors"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1, 2, 3]))
  }

  @Test("A file that cannot be created says so")
  func unwritable() {
    #expect(throws: OutputError.self) {
      _ = try SafetensorsWriter(folder.path + "/missing/a", entries: [], metadata: [])
    }
  }
}
