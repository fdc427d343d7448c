import Checkpoints
import Foundation
import HDF5
import Tensors
import TestSupport
import Testing

/// Checkpoints of Tests/Fixtures/formats, each written by the library whose format it is.
enum FormatFixture {
  /// What its tensors are, by name.
  typealias Tensors = [String: Zoo.Case.Tensor]

  static let folder = PackageFolder.path("Tests/Fixtures/formats")

  /// What each checkpoint holds.
  static func expected(_ name: String) throws -> Tensors {
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/expected.json"))
    let all = try JSONDecoder().decode([String: Tensors].self, from: data)
    return try #require(all[name])
  }

  /// Opens one; adapters are merged into their base, and HDF5 is read in this process.
  static func open(_ name: String, mode: InputMode = .mapped) throws -> any Checkpoint {
    let path = folder + "/" + name
    guard !path.hasSuffix(".h5") else {
      return try HDF5Checkpoint(InputFile(path, mode: mode), WeightFile(reading: path))
    }
    return try openCheckpoint(
      path,
      CheckpointReading(
        mode: mode, mergesAdapters: true, baseModel: folder + "/adapters/base"))
  }

  /// Element types as NumPy and PyTorch name them.
  static let elementTypes: [String: DType] = [
    "float64": .float64, "float32": .float32, "float16": .float16, "bfloat16": .bfloat16,
    "float8_e4m3fn": .float8E4M3, "float8_e5m2": .float8E5M2, "int64": .int64, "int32": .int32,
    "int16": .int16, "int8": .int8, "uint64": .uint64, "uint32": .uint32, "uint16": .uint16,
    "uint8": .uint8, "bool": .bool,
  ]
}

/// Expects that a checkpoint holds exactly some tensors, bit for bit.
func expectTensors(
  _ expected: FormatFixture.Tensors, in checkpoint: any Checkpoint,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let names = checkpoint.records.map(\.name.text).sorted()
  #expect(names == expected.keys.sorted(), sourceLocation: sourceLocation)
  for record in checkpoint.records {
    let tensor = try #require(expected[record.name.text], sourceLocation: sourceLocation)
    let name = "\(record.name)"
    #expect(
      record.dtype == FormatFixture.elementTypes[tensor.dtype], "\(name)",
      sourceLocation: sourceLocation)
    #expect(record.shape.dimensions == tensor.shape, "\(name)", sourceLocation: sourceLocation)
    #expect(
      try elementDigest(record) == tensor.sha256, "\(name)", sourceLocation: sourceLocation)
  }
  try checkpoint.verifyUnchanged()
}
