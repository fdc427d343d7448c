import Checkpoints
import Tensors
import TestSupport
import Testing

@testable import Geometry

private func statistics(_ dtype: DType, _ values: [Double]) -> TensorStatistics {
  withElements(dtype, values.flatMap { dtype.encoded($0) }, []) { elements, _ in
    var result = TensorStatistics()
    for first in stride(from: 0, to: elements.count, by: 4096) {
      result.add(elements[first..<min(first + 4096, elements.count)])
    }
    return result
  }
}

@Suite struct TensorStatisticsTests {
  @Test("Eight numbers with mean 5 and standard deviation 2")
  func example() {
    let found = statistics(.float32, [2, 4, 4, 4, 5, 5, 7, 9])
    #expect(found.count == 8)
    #expect(found.mean == 5)
    #expect(found.standardDeviation == 2)  // √(32 / 8)
    #expect([found.least, found.greatest] == [2, 9])
    #expect(found.norm == 232.0.squareRoot())
    #expect([found.zeros, found.nan, found.infinite] == [0, 0, 0])
  }

  @Test("Many blocks give what two exact passes give")
  func accuracy() {
    var generator = SeededGenerator(seed: 3)
    // A mean far from zero, which one pass over squares would not survive.
    let values = (0..<70_001).map { _ in 1e6 + Double.random(in: -1...1, using: &generator) }
    let mean = values.reduce(into: ExactSum()) { $0.add($1) }.value / 70_001
    let scatter = values.reduce(into: ExactSum()) { $0.add(squareOf: $1, minus: mean) }.value
    let squares = values.reduce(into: ExactSum()) { $0.add($1, times: $1) }.value
    let found = statistics(.float64, values)
    #expect((found.mean - mean).magnitude <= 1e-12 * mean)
    let deviation = (scatter / 70_001).squareRoot()
    #expect((found.standardDeviation - deviation).magnitude <= 1e-9 * deviation)
    #expect((found.norm - squares.squareRoot()).magnitude <= 1e-14 * found.norm)
    #expect([found.least, found.greatest] == [values.min(), values.max()])
  }

  @Test("Excess kurtosis is that of the definition, whatever the blocks and the mean")
  func kurtosis() {
    #expect(statistics(.float64, [1, -1, 1, -1]).excessKurtosis == -2)
    var generator = SeededGenerator(seed: 5)
    let values = (0..<9_001).map { index in
      (index < 4000 ? 100 : 101) + Double.random(in: -1...1, using: &generator)
    }
    let mean = values.reduce(0, +) / 9_001
    let squares = values.map { ($0 - mean) * ($0 - mean) }
    let scatter = squares.reduce(0, +)
    let expected = 9_001 * squares.reduce(0) { $0 + $1 * $1 } / (scatter * scatter) - 3
    // Deviations of 1 from a mean of 100 keep some 14 digits.
    #expect((statistics(.float64, values).excessKurtosis - expected).magnitude < 1e-11)
    #expect(statistics(.float64, [2, 2, 2]).excessKurtosis.isNaN)
    #expect(statistics(.float64, []).excessKurtosis.isNaN)
  }

  @Test("NaN and infinite elements are counted and kept out of mean, spread and range")
  func nonfinite() {
    let found = statistics(.float32, [.nan, 1, .infinity, 3, -.infinity, 0, -0.0])
    #expect([found.nan, found.infinite, found.zeros, found.count] == [1, 2, 2, 7])
    #expect(found.mean == 1)
    #expect([found.least, found.greatest] == [0, 3])
    #expect(found.standardDeviation == 1.5.squareRoot())  // (1 + 1 + 0 + 4) / 4
    #expect(found.norm.isNaN)
    #expect(statistics(.float32, [1, -.infinity]).norm == .infinity)
  }

  @Test("Without finite elements there is no mean", arguments: [[], [Double.nan], [.infinity]])
  func nothingFinite(values: [Double]) {
    let found = statistics(.float64, values)
    #expect(found.mean.isNaN && found.standardDeviation.isNaN)
    #expect(found.least.isNaN && found.greatest.isNaN)
    #expect(found.count == values.count)
  }

  @Test("A block without finite elements changes no mean")
  func emptyBlocks() {
    let gap = Array(repeating: Double.nan, count: 4096)
    let found = statistics(.float32, gap + [2, 4] + Array(repeating: .nan, count: 4094) + gap)
    #expect(found.mean == 3)
    #expect(found.standardDeviation == 1)
    #expect([found.least, found.greatest] == [2, 4])
  }

  @Test("Equal numbers whose squares overflow have no spread, rather than NaN")
  func hugeConstant() {
    let found = statistics(.float64, Array(repeating: 0x1p600, count: 5000))
    #expect(found.standardDeviation == 0)
    #expect(found.mean == 0x1p600)
    #expect(found.norm == .infinity)
  }

  @Test("Integers have statistics too")
  func integers() {
    let found = statistics(.int16, [-3, 3, 0])
    #expect([found.least, found.greatest] == [-3, 3])
    #expect(found.zeros == 1)
    #expect(found.mean == 0)
  }

  @Test("Files give the same bits mapped and read, for any threads and memory")
  func walk() throws {
    let folder = try TemporaryFolder()
    let (bytes, _) = Material.ordinary.pair(.float32, count: 600_000, seed: 4)
    let tensors = [
      StoredTensor("large", .float32, [600_000], bytes: bytes),
      StoredTensor("small", [3], from: 1, dtype: .bfloat16), StoredTensor("none", [0], []),
    ]
    let expected = try Geometry.statistics(
      of: folder.checkpoint("model.safetensors", tensors).records,
      using: WalkResources(threads: 1, scratchByteCount: 1 << 30))
    #expect(expected.map(\.count) == [600_000, 3, 0])
    for mode in InputMode.allCases {
      let records = try folder.checkpoint("model.safetensors", tensors, mode: mode).records
      for threads in [1, 2, 3, 8] {
        let found = try Geometry.statistics(
          of: records, using: WalkResources(threads: threads, scratchByteCount: 0))
        #expect(found.prefix(2) == expected.prefix(2))
      }
    }
  }
}
