import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite struct ONNXFileTests {
  private let folder: TemporaryFolder
  private let model: [UInt8]

  init() throws {
    folder = try TemporaryFolder()
    let place = FormatFixture.folder + "/onnx/"
    model = Array(try Data(contentsOf: URL(fileURLWithPath: place + "model.onnx")))
    try FileManager.default.copyItem(
      atPath: place + "weights.data", toPath: folder.path + "/weights.data")
  }

  private func open(_ bytes: [UInt8]) throws -> any Checkpoint {
    try openCheckpoint(folder.write(bytes, to: "model.onnx"))
  }

  @Test("What made the file is metadata; numbers of variable length are noted and left out")
  func metadata() throws {
    let file = try open(model)
    #expect(file.format == "onnx")
    #expect(file.metadata.map(\.key) == ["ir_version", "producer_name"])
    #expect(file.notes == ["initializers that are not stored as plain numbers are left out: 1"])
  }

  @Test("Data outside the model's folder are not read")
  func escape() throws {
    let escaping = model.replacing(
      Array("weights.data".utf8), with: Array("../../passwd".utf8))
    expectError(.malformed, "beside the model", tensor: "external") { try open(escaping) }
    try folder.write([1, 2, 3], to: "weights.data")
    expectError(.malformed, "3 bytes", tensor: "external") { try open(model) }
  }

  @Test("A file cut off is refused, unless the graph is whole")
  func cut() throws {
    var refused = 0
    for length in 3..<model.count {
      do {
        #expect(try open(Array(model.prefix(length))).records.count == 8)
      } catch let error as CheckpointError {
        refused += 1
        #expect(error.description.isOneLine)
      }
    }
    // What follows the graph is one field of four bytes.
    #expect(refused >= model.count - 8)
  }
}
