import Checkpoints
import Tensors
import TestSupport
import Testing

@Suite struct FormatFixtureTests {
  static let names = [
    "adapters/plain", "adapters/stabilized", "adapters/embedding", "keras/tf_model.h5",
    "keras/chunked.h5", "blocks/single", "blocks/sharded", "onnx/model.onnx",
  ]

  @Test(
    "What another library wrote gives every tensor, bit for bit", arguments: names,
    InputMode.allCases)
  func tensors(name: String, mode: InputMode) throws {
    try expectTensors(
      FormatFixture.expected(name), in: FormatFixture.open(name, mode: mode))
  }

  @Test("Elements are the same however many are asked for at once", arguments: names)
  func parts(name: String) throws {
    for record in try FormatFixture.open(name).records {
      #expect(try elementBytes(record, block: 7) == elementBytes(record), "\(record.name)")
    }
  }

  @Test("A transposed matrix has the same elements in another order", arguments: names)
  func transposed(name: String) throws {
    for record in try FormatFixture.open(name).records where record.shape.rank == 2 {
      let width = record.dtype.byteCount
      let (rows, columns) = (record.shape.dimensions[0], record.shape.dimensions[1])
      let stored = try elementBytes(record)
      var expected: [UInt8] = []
      for column in 0..<columns {
        for row in 0..<rows {
          let place = (row * columns + column) * width
          expected += stored[place..<place + width]
        }
      }
      #expect(try elementBytes(record.transposed) == expected, "\(record.name)")
    }
  }
}
