import Foundation
import TestSupport
import Tensors
import Testing

@testable import Checkpoints

@Suite struct ShardedSafetensorsWriterTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes tensors of these lengths, in bytes, whose bytes are their position in the list.
  private func write(_ lengths: [Int], limit: Int?) throws -> [String] {
    let entries = try lengths.enumerated().map { index, length in
      SafetensorsWriter.Entry(
        name: TensorName("t\(index)"), dtype: .uint8, shape: try #require(Shape([length])))
    }
    let writer = try ShardedSafetensorsWriter(
      folder.path + "/model.safetensors", entries: entries, limit: limit,
      metadata: [("k", "v")])
    for (index, length) in lengths.enumerated() {
      try [UInt8](repeating: UInt8(index), count: length).withUnsafeBytes {
        try writer.write($0, of: index, from: 0)
      }
    }
    try writer.replaceMetadata([("k", "w")])
    try writer.commit()
    return writer.fileNames
  }

  @Test("Shards fill up in order, and what is too large has one of its own")
  func shards() throws {
    let lengths = [3, 4, 4, 20, 1, 0, 9]
    let names = try write(lengths, limit: 10)
    #expect(names.count == 5)
    #expect(names[0] == "model-00001-of-00004.safetensors")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == names.sorted())
    let checkpoint = try openCheckpoint(folder.path)
    #expect(checkpoint.records.map(\.name.text) == lengths.indices.map { "t\($0)" })
    #expect(checkpoint.metadata.map(\.value) == ["w"])
    for (index, record) in checkpoint.records.enumerated() {
      #expect(try elementBytes(record).allSatisfy { $0 == UInt8(index) })
    }
    let sizes = Dictionary(
      checkpoint.records.map { (baseName($0.file.path), $0.shape.elementCount) }
    ) { $0 + $1 }
    #expect(sizes.values.sorted() == [4, 7, 10, 20])
  }

  @Test("Without a limit, or below it, there is one file and no index", arguments: [nil, 100])
  func oneFile(limit: Int?) throws {
    #expect(try write([3, 4], limit: limit) == ["model.safetensors"])
    #expect(try write([], limit: limit) == ["model.safetensors"])
  }
}
