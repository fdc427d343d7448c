import Checkpoints
import Foundation
import HDF5
import TestSupport
import Testing

/// Good folders in one of whose files a few bytes are changed are read or refused.
@Suite struct FolderMutationTests {
  private static let count = 400

  @Test(
    "Any mutation of a file of a folder is read or refused",
    arguments: [
      ("adapters/stabilized", "adapter_config.json"),
      ("adapters/stabilized", "adapter_model.safetensors"),
      ("blocks/sharded", ".metadata"), ("blocks/sharded", "__1_0.distcp"),
    ])
  func mutations(name: String, file: String) throws {
    let folder = try TemporaryFolder()
    let place = folder.path + "/copy"
    try FileManager.default.copyItem(atPath: FormatFixture.folder + "/" + name, toPath: place)
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: place + "/" + file)))
    let rules = CheckpointReading(
      mergesAdapters: true, baseModel: FormatFixture.folder + "/adapters/base")
    var generator = SplitMix64(state: 20_261_124)
    for _ in 0..<FolderMutationTests.count {
      try folder.write(MutationTests.mutate(bytes, &generator), to: "copy/" + file)
      do {
        for record in try openCheckpoint(place, rules).records { _ = try elementBytes(record) }
      } catch let error as CheckpointError {
        #expect(error.description.isOneLine)
      }
    }
  }

  @Test("Whatever is said of the arrays of an HDF5 file, they are read or refused")
  func arrays() throws {
    let file = try InputFile(FormatFixture.folder + "/keras/chunked.h5")
    let content = try WeightFile(reading: file.path)
    var generator = SplitMix64(state: 20_261_125)
    for _ in 0..<FolderMutationTests.count {
      let dataset = content.datasets.randomElement(using: &generator)
      let changed = dataset.map { FolderMutationTests.changed($0, &generator) }
      do {
        let checkpoint = try HDF5Checkpoint(
          file, WeightFile(datasets: [changed].compactMap(\.self), texts: [:]))
        for record in checkpoint.records { _ = try elementBytes(record) }
      } catch let error as CheckpointError {
        #expect(error.description.isOneLine)
      }
    }
  }

  private static func changed(
    _ dataset: WeightFile.Dataset, _ generator: inout SplitMix64
  ) -> WeightFile.Dataset {
    let edges = [0, 1, 2, 7, 4096, 1 << 31, 1 << 62, .max, -1]
    let spoil = { (number: Int, generator: inout SplitMix64) in
      Int.random(in: 0..<12, using: &generator) > 0
        ? number : edges.randomElement(using: &generator) ?? 0
    }
    var layout = dataset.layout
    if case .chunked(let extents, let filters, let chunks) = dataset.layout {
      layout = .chunked(
        extents: extents.map { spoil($0, &generator) },
        filters: Bool.random(using: &generator)
          ? filters : WeightFile.Filter.allCases.shuffled(using: &generator),
        chunks: chunks.map {
          .init(
            offset: spoil($0.offset, &generator), byteCount: spoil($0.byteCount, &generator),
            skippedFilters: UInt32.random(in: 0..<4, using: &generator))
        })
    }
    return .init(
      path: dataset.path, weightName: dataset.weightName,
      element: WeightFile.Element.allCases.randomElement(using: &generator) ?? dataset.element,
      isBigEndian: Bool.random(using: &generator),
      extents: dataset.extents.map { spoil($0, &generator) }, layout: layout)
  }
}
