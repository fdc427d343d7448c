import Checkpoints
import Foundation
import HDF5
import Tensors
import TestSupport
import Testing

@Suite struct HDF5CheckpointTests {
  private static let zoo = Zoo.cases("h5-")

  private static func open(_ path: String) throws -> HDF5Checkpoint {
    try HDF5Checkpoint(InputFile(path), WeightFile(reading: path))
  }

  @Test("HDF5 files are refused unless they are allowed")
  func refused() {
    let path = FormatFixture.folder + "/keras/tf_model.h5"
    expectError(.unsupported, "--allow-hdf5-input") { try openCheckpoint(path) }
    expectError(.noCheckpoint, "--allow-hdf5-input") {
      try openCheckpoint(FormatFixture.folder + "/keras")
    }
  }

  @Test("Weights of TensorFlow's classes pair with PyTorch's under the same names")
  func names() throws {
    let names = try FormatFixture.open("keras/tf_model.h5").records.map(\.name)
    let base = try openCheckpoint(FormatFixture.folder + "/adapters/base").records.map(\.name)
    #expect(names.sorted() == base.sorted())
  }

  @Test(
    "Good files give every array, bit for bit",
    .enabled(if: Zoo.isPresent, Comment(rawValue: Zoo.absence)),
    arguments: zoo.filter { $0.valid == true })
  func good(zooCase: Zoo.Case) throws {
    let digests = try HDF5CheckpointTests.open(zooCase.path).records.map(elementDigest)
    #expect(digests.sorted() == zooCase.tensors?.values.map(\.sha256).sorted())
  }

  @Test(
    "Damaged files, and links to others, are refused",
    .enabled(if: Zoo.isPresent, Comment(rawValue: Zoo.absence)),
    arguments: zoo.filter { $0.valid != true })
  func bad(zooCase: Zoo.Case) {
    #expect(throws: HDF5Error.self) { try HDF5CheckpointTests.open(zooCase.path) }
  }

  private static let chunked = FormatFixture.folder + "/keras/chunked.h5"

  @Test("What is said of chunks is compared with the file and the shape")
  func chunks() throws {
    let file = try InputFile(HDF5CheckpointTests.chunked)
    let good = try WeightFile(reading: file.path)
    for change in 0..<6 {
      let changed = WeightFile(
        datasets: good.datasets.map { HDF5CheckpointTests.spoiled($0, change) }, texts: [:])
      expectError(.malformed, "chunk", tensor: TensorName(good.datasets[0].path)) {
        try HDF5Checkpoint(file, changed)
      }
    }
  }

  /// The same array with one thing said wrongly of its chunks.
  private static func spoiled(_ dataset: WeightFile.Dataset, _ change: Int) -> WeightFile.Dataset {
    guard case .chunked(var extents, let filters, var chunks) = dataset.layout else {
      return dataset
    }
    switch change {
    case 0: chunks.removeLast()
    case 1: extents[0] = 0
    case 2: extents.append(1)
    case 3: chunks[0] = .init(offset: 1 << 40, byteCount: chunks[0].byteCount, skippedFilters: 0)
    case 4: chunks[0] = .init(offset: -8, byteCount: chunks[0].byteCount, skippedFilters: 0)
    default: chunks[0] = .init(offset: 0, byteCount: 0, skippedFilters: 0)
    }
    return .init(
      path: dataset.path, weightName: dataset.weightName, element: dataset.element,
      isBigEndian: dataset.isBigEndian, extents: dataset.extents,
      layout: .chunked(extents: extents, filters: filters, chunks: chunks))
  }

  @Test("A compressed chunk that is damaged is an error, not other numbers")
  func damaged() throws {
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: HDF5CheckpointTests.chunked)))
    let content = try WeightFile(reading: HDF5CheckpointTests.chunked)
    let compressed = content.datasets.compactMap { dataset -> WeightFile.Chunk? in
      guard case .chunked(_, let filters, let chunks) = dataset.layout,
        filters.contains(.deflate)
      else { return nil }
      return chunks[0]
    }
    let chunk = try #require(compressed.first)
    bytes[chunk.offset] ^= 0xFF
    let folder = try TemporaryFolder()
    let checkpoint = try HDF5Checkpoint(
      InputFile(folder.write(bytes, to: "damaged.h5")), content)
    #expect(throws: CheckpointError.self) {
      for record in checkpoint.records { _ = try elementBytes(record) }
    }
  }
}
