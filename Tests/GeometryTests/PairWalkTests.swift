import Checkpoints
import Tensors
import TestSupport
import Testing

@testable import Geometry

@Suite struct PairWalkTests {
  /// A matrix longer than a chunk, a vector, a scalar and an empty tensor of F32.
  private func write(_ folder: TemporaryFolder, _ name: String, seed: UInt64) throws -> String {
    var random = SplitMix(state: seed)
    let shapes = [("big", [600, 500]), ("small", [33]), ("scalar", []), ("empty", [0, 4])]
    let tensors = shapes.map { name, shape in
      let count = shape.reduce(1, *)
      let values = (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
      return (name: name, dtype: "F32", shape: shape, bytes: values.withUnsafeBytes { Array($0) })
    }
    return try folder.write(SafetensorsBytes.file(tensors), to: name)
  }

  private func pairings(_ paths: [String], _ mode: InputMode) throws -> [CheckpointPairing] {
    let lists = try paths.map { try ParameterList(openCheckpoint($0, mode: mode)) }
    return lists.dropFirst().map { CheckpointPairing(base: lists[0], other: $0) }
  }

  @Test("Bits depend on neither threads, nor ways of reading, nor memory")
  func sameBits() throws {
    let folder = try TemporaryFolder()
    let paths = try (0..<3).map { try write(folder, "\($0).safetensors", seed: $0) }
    let expected = try PairWalk(pairings(paths, .mapped))
      .differences(using: WalkResources(threads: 1, scratchByteCount: 1 << 24))
    for mode in InputMode.allCases {
      for (threads, scratch) in [(2, 0), (3, 200_000), (8, 1 << 24)] {
        let found = try PairWalk(pairings(paths, mode))
          .differences(using: WalkResources(threads: threads, scratchByteCount: scratch))
        #expect(found == expected)
      }
    }
    #expect(expected[0].map(\.count) == [300_000, 33, 1, 0])
  }

  @Test("Several others in one pass give what each gives alone")
  func severalOthers() throws {
    let folder = try TemporaryFolder()
    let paths = try (0..<3).map { try write(folder, "\($0).safetensors", seed: $0) }
    let resources = WalkResources(threads: 2, scratchByteCount: 1 << 20)
    let together = try PairWalk(pairings(paths, .mapped)).differences(using: resources)
    let alone = try [paths[1], paths[2]].map { other in
      try PairWalk(pairings([paths[0], other], .mapped)).differences(using: resources)[0]
    }
    #expect(together == alone)
  }

  @Test("The error of the earliest chunk is the one that is thrown")
  func earliestError() {
    struct Fault: Error, Equatable { let chunk: Int }
    let length = ChunkedReduction.chunkLength
    let reduction = ChunkedReduction(elementCounts: [length * 40])
    for threads in [1, 2, 4] {
      #expect(throws: Fault(chunk: 7)) {
        _ = try reduction.run(
          threads: threads, empty: [TensorDifference()], scratchByteCount: 0
        ) { _, elements, _ in
          let chunk = elements.lowerBound / length
          if chunk >= 7 { throw Fault(chunk: chunk) }
          return TensorDifference()
        }
      }
    }
  }

  @Test("Statistics agree with the definition, and leave out what is not finite")
  func tensorStatistics() throws {
    let folder = try TemporaryFolder()
    let values = (0..<10_000).map { Float($0) / 8 + 1000 } + [.nan, .infinity, 0]
    let path = try folder.write(
      SafetensorsBytes.file([
        (name: "x", dtype: "F32", shape: [10_003], bytes: values.withUnsafeBytes { Array($0) })
      ]), to: "x.safetensors")
    let found = try statistics(
      of: openCheckpoint(path).records, using: WalkResources(threads: 2, scratchByteCount: 0))[0]
    let finite = values.filter(\.isFinite).map { Double($0) }
    let mean = finite.reduce(0, +) / Double(finite.count)
    let variance = finite.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(finite.count)
    #expect((found.mean - mean).magnitude < 1e-9)
    #expect((found.standardDeviation - variance.squareRoot()).magnitude < 1e-9)
    #expect([found.count, found.zeros, found.nan, found.infinite] == [10_003, 1, 1, 1])
    #expect((found.least, found.greatest) == (0, 2249.875))
  }
}
