import Checkpoints
import TestSupport
import Tensors
import Testing

@testable import Geometry

private let types: [DType] = [.float64, .float32, .float16, .bfloat16]

@Suite struct CombinerTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func sum(
    _ inputs: [[UInt8]], _ dtypes: [DType], _ coefficients: [Double], to dtype: DType,
    _ body: (WeightedSum, UnsafeMutableRawBufferPointer) -> CombinationTally
  ) -> (bytes: [UInt8], tally: CombinationTally) {
    inputs[0].withUnsafeBytes { first in
      inputs[1].withUnsafeBytes { second in
        let elements = [Elements(dtypes[0], first), Elements(dtypes[1], second)]
        var bytes = [UInt8](repeating: 0, count: elements[0].count * dtype.byteCount)
        let tally = bytes.withUnsafeMutableBytes {
          body(WeightedSum(elements, coefficients: coefficients, dtype: dtype), $0)
        }
        return (bytes, tally)
      }
    }
  }

  @Test(
    "The kernels of every instruction set and the plain loop give the same bits and counts",
    arguments: types, types)
  private func sameBits(input: DType, output: DType) {
    for material in Material.allCases {
      for length in [0, 1, 7, 8, 9, 1023, 1024, 1025, 3001] {
        let (a, b) = material.pair(input, count: length, seed: UInt64(length))
        for coefficients in [[0.7, 0.3], [-1e-6, 1], [1e30, 2]] {
          let wanted = sum([a, b], [input, input], coefficients, to: output) {
            $0.roundPlainly(into: $1)
          }
          for loops in CombinationLoops.available {
            let found = sum([a, b], [input, input], coefficients, to: output) {
              $0.round(into: $1, by: loops)
            }
            #expect(found.bytes == wanted.bytes, "\(material), \(length) elements")
            #expect(found.tally == wanted.tally, "\(material), \(length) elements")
          }
        }
      }
    }
  }

  @Test("Every number of every magnitude rounds as the plain loop rounds it", arguments: types)
  private func anyDouble(output: DType) {
    var random = SeededGenerator(seed: 9)
    let values = (0..<30_000).map { index in
      index % 2 == 0
        ? Double(bitPattern: random.next())
        : Double(
          sign: .minus, exponent: Int.random(in: -155...130, using: &random),
          significand: 1 + Double(random.next() >> 44) * 0x1p-20)
    }
    let bytes = values.flatMap { littleEndian($0.bitPattern) }
    let zeros = [UInt8](repeating: 0, count: bytes.count)
    let wanted = sum([bytes, zeros], [.float64, .float64], [0.5, 1], to: output) {
      $0.roundPlainly(into: $1)
    }
    for loops in CombinationLoops.available {
      let found = sum([bytes, zeros], [.float64, .float64], [0.5, 1], to: output) {
        $0.round(into: $1, by: loops)
      }
      #expect(found.bytes == wanted.bytes)
      #expect(found.tally == wanted.tally)
    }
  }

  private func combine(
    _ tensors: [StoredTensor], _ coefficients: [Double], to dtype: DType,
    mode: InputMode = .mapped
  ) throws -> (bytes: [UInt8], tally: CombinationTally) {
    let records = try tensors.enumerated().map { index, tensor in
      try folder.checkpoint("\(index)-\(mode).safetensors", [tensor], mode: mode).records[0]
    }
    let combiner = Combiner(records, coefficients: coefficients, dtype: dtype)
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: combiner.scratchByteCount(elements: combiner.elementCount), alignment: 64)
    defer { scratch.deallocate() }
    // The elements may lie in the files.
    return try withExtendedLifetime(records) {
      let part = try combiner.combine(0..<combiner.elementCount, scratch: scratch)
      return (Array(part.bytes), part.tally)
    }
  }

  @Test("Numbers are weighed as by hand, in any mixture of types and however they are read")
  func byHand() throws {
    let a = StoredTensor("w", [2], [1, -4], dtype: .bfloat16)
    let b = StoredTensor("w", [2], [3, 2], dtype: .float16)
    for mode in InputMode.allCases {
      let found = try combine([a, b], [0.25, 0.75], to: .float32, mode: mode)
      #expect(found.bytes == StoredTensor("", [2], [2.5, 0.5]).bytes)
      #expect(found.tally.changed == 2)
    }
    let eight = StoredTensor("w", .float8E5M2, [2], bytes: [0x3C, 0x40])  // 1 and 2
    let found = try combine([eight, b], [1, 1], to: .float8E5M2)
    #expect(found.bytes == [0x44, 0x44])  // 4 and 4
  }

  @Test(
    "What has coefficient 0 takes no part, and what stands alone keeps its bits", arguments: types)
  func ends(dtype: DType) throws {
    let width = dtype.byteCount
    let any = (0..<40 * width).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) }
    let nan = StoredTensor("w", [40], Array(repeating: .nan, count: 40), dtype: dtype)
    let negativeZero = StoredTensor("w", [40], Array(repeating: -0.0, count: 40), dtype: dtype)
    for tensor in [StoredTensor("w", dtype, [40], bytes: any), negativeZero] {
      #expect(try combine([tensor, nan], [1, 0], to: dtype).bytes == tensor.bytes)
      #expect(try combine([nan, tensor], [0, 1], to: dtype).bytes == tensor.bytes)
    }
  }

  @Test("A change of a quarter of a step is swallowed, one of a whole step is not")
  func swallowed() throws {
    // Around 1 BF16 has steps of 2^-7.
    let a = StoredTensor("w", [4], [1, 1, 1, 1], dtype: .bfloat16)
    let b = StoredTensor("w", [4], [1, 1 + 0x1p-7, 1 + 0x1p-5, 2], dtype: .bfloat16)
    let tally = try combine([a, b], [0.75, 0.25], to: .bfloat16).tally
    #expect((tally.count, tally.changed, tally.swallowed) == (4, 3, 1))
    #expect(tally.swallowedShare == 1.0 / 3)
    // The same change is there in F32, and swallowed again if F32 values go to BF16.
    #expect(try combine([a, b], [0.75, 0.25], to: .float32).tally.swallowed == 0)
    let wide = [a, b].map { $0.converted(to: .float32) }
    #expect(try combine(wide, [0.75, 0.25], to: .bfloat16).tally.swallowed == 1)
  }

  @Test("Equal values do not count as changed, though their weighted sum may err")
  func unchanged() throws {
    var random = SeededGenerator(seed: 5)
    let values = (0..<2000).map { _ in Double.random(in: -1...1, using: &random) }
    let tensor = StoredTensor("w", [2000], values)
    let tally = try combine([tensor, tensor], [0.7, 0.3], to: .float32).tally
    #expect((tally.changed, tally.swallowed, tally.nonfinite) == (0, 0, 0))
  }
}
