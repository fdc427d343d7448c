import CKernels
import Tensors
import TestSupport
import Testing

@testable import Geometry

@Suite struct RoundingFloorTests {
  private func floor(_ values: [Double], _ dtype: DType) -> RoundingFloor {
    floor(values) { $0.add($1, count: $2, dtype: dtype) }
  }

  private func floor(
    _ values: [Double], by add: (inout RoundingFloor, UnsafePointer<Double>, Int) -> Void
  ) -> RoundingFloor {
    var floor = RoundingFloor()
    values.withUnsafeBufferPointer { buffer in
      if let start = buffer.baseAddress { add(&floor, start, buffer.count) }
    }
    return floor
  }

  @Test("The expected square is a twelfth of the squared spacing, around each element")
  func spacing() {
    let floor = floor([1, -1.5, 4, 0], .float32)
    // Spacings 2^-23, 2^-23, 2^-21 and, for zero, 2^-149, whose square vanishes.
    #expect(floor.square(fractionBits: 23) == (1 + 1 + 16) * 0x1p-46 / 12)
    #expect(floor.square(fractionBits: nil) == 4.0 / 12)
  }

  @Test("The narrowest type that holds all elements is told by their fractions")
  func bits() {
    #expect(floor([1, 1.5], .float32).fractionBits == 7)
    #expect(floor([1 + 0x1p-7, 3], .float32).fractionBits == 7)
    #expect(floor([1 + 0x1p-10], .float32).fractionBits == 10)
    #expect(floor([1 + 0x1p-11], .float32).fractionBits == 23)
    #expect(floor([1 + 0x1p-52], .float64).fractionBits == 52)
  }

  @Test("A number that was rounded is off by the floor, in the root mean square")
  func measured() {
    var generator = SeededGenerator(seed: 5)
    let exact = (0..<20_000).map { _ in Double.random(in: -1...1, using: &generator) }
    let rounded = exact.map { Double(Float($0)) }
    let square = zip(exact, rounded).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    // The square has a relative standard deviation of 0.9 / √20000, some 0.7 %.
    #expect((square / floor(rounded, .float32).square(fractionBits: 23) - 1).magnitude < 0.04)
  }

  @Test(
    "The loops of every instruction set and the plain loop give the same bits",
    arguments: [DType.float64, .float32, .float16, .bfloat16, .int32])
  func sameBits(dtype: DType) {
    var generator = SeededGenerator(seed: 7)
    let special: [Double] = [0, -0.0, 0x1p-1074, -0x1p-149, 3, -0x1.8p200]
    for count in [0, 1, 7, 8, 9, 16, 4095, 4096] {
      let values = (0..<count).map { index in
        index % 5 == 2
          ? special[index % special.count] : .random(in: -1e3...1e3, using: &generator)
      }
      let plain = floor(values) { $0.addPlainly($1, count: $2, dtype: dtype) }
      for loops in difference_loops.available {
        let found = floor(values) { $0.add($1, count: $2, dtype: dtype, by: loops) }
        #expect(found.square(fractionBits: 23) == plain.square(fractionBits: 23))
        #expect(found.fractionBits == plain.fractionBits && found.count == plain.count)
      }
    }
  }

  @Test("What is not finite has no finite floor", arguments: [Double.nan, -.infinity])
  func nonfinite(value: Double) {
    #expect(!floor([1, value, 2], .float32).meanSquare(of: .float32).isFinite)
  }

  @Test("The mean is over all elements, and 0 of none")
  func mean() {
    #expect(floor([1, 1, 1, 1], .bfloat16).meanSquare(of: .bfloat16) == 0x1p-14 / 12)
    #expect(floor([], .bfloat16).meanSquare(of: .bfloat16) == 0)
    #expect(floor([5, 70], .int32).meanSquare(of: .int32) == 1.0 / 12)
  }
}
