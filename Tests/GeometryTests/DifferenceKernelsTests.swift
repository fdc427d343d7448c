import CKernels
import Tensors
import TestSupport
import Testing

@testable import Geometry

private let types: [DType] = [.float32, .float64, .float16, .bfloat16]
/// Around one lane, one group of lanes, one block, and many.
private let lengths = [0, 1, 2, 7, 8, 9, 15, 16, 17, 4095, 4096, 4097, 70001]

@Suite struct DifferenceKernelsTests {
  @Test(
    "The kernels of every instruction set and the plain loop give the same bits", arguments: types,
    Material.allCases)
  private func sameBits(dtype: DType, material: Material) {
    for length in lengths {
      let (a, b) = material.pair(dtype, count: length, seed: UInt64(length))
      withElements(dtype, a, b) { expectPlainBits($0, $1) }
    }
  }

  @Test("So they do where the types differ", arguments: types, types)
  private func sameBitsOfMixedTypes(base: DType, other: DType) {
    for material in Material.allCases {
      for length in lengths.dropLast() + [9999] {
        let (a, b) = material.pair(base, count: length, seed: UInt64(length))
        withElements(base, a, rounded(b, from: base, to: other), other) { expectPlainBits($0, $1) }
      }
    }
  }

  private func expectPlainBits(_ a: Elements, _ b: Elements) {
    let expected = TensorDifference.plainly(a, b).figures
    for (index, loops) in difference_loops.available.enumerated() {
      #expect(
        TensorDifference.measured(a, b, by: loops).figures == expected,
        "\(a.count) elements, instruction set \(index)")
    }
  }

  /// The numbers in another type, rounded; infinite where it has none so large.
  private func rounded(_ bytes: [UInt8], from dtype: DType, to other: DType) -> [UInt8] {
    bytes.withUnsafeBytes { bytes in
      let elements = Elements(dtype, bytes)
      return (0..<elements.count).flatMap { other.encoded(elements.value(at: $0)) }
    }
  }

  @Test("Elements need no alignment", arguments: types)
  private func alignment(dtype: DType) {
    let (a, b) = Material.ordinary.pair(dtype, count: 5000, seed: 1)
    let aligned = withElements(dtype, a, b) { TensorDifference.measured($0, $1) }
    for offset in 1...7 {
      let shifted = (
        Array(repeating: 0, count: offset) + a, Array(repeating: 0, count: 8 - offset) + b
      )
      shifted.0.withUnsafeBytes { bytesA in
        shifted.1.withUnsafeBytes { bytesB in
          let found = TensorDifference.measured(
            Elements(dtype, UnsafeRawBufferPointer(rebasing: bytesA[offset...])),
            Elements(dtype, UnsafeRawBufferPointer(rebasing: bytesB[(8 - offset)...])))
          #expect(found.figures == aligned.figures)
        }
      }
    }
  }

  @Test("Pieces of whole blocks give the same bits as all at once", arguments: types)
  private func pieces(dtype: DType) {
    for material in [Material.ordinary, .nonfinite, .anyFinite] {
      let (a, b) = material.pair(dtype, count: 30_000, seed: 5)
      withElements(dtype, a, b) { a, b in
        var inPieces = TensorDifference()
        for first in stride(from: 0, to: a.count, by: 8192) {
          let piece = first..<min(first + 8192, a.count)
          inPieces.add(a[piece], b[piece], at: first)
        }
        #expect(inPieces.figures == TensorDifference.measured(a, b).figures)
      }
    }
  }

  @Test("A block with NaN or infinite elements leaves the sums to IEEE and counts them")
  func nonfinite() {
    var (a, b) = (Array(repeating: 1.0, count: 10_000), Array(repeating: 1.5, count: 10_000))
    (a[5000], b[5000]) = (.infinity, 1)
    (a[9000], b[9001]) = (.nan, -.infinity)
    let found = difference(.float32, a, b)
    #expect(found.squared.isNaN)
    #expect(found.squaredB == .infinity)
    #expect([found.nanA, found.infiniteA] == [1, 1])
    #expect([found.nanB, found.infiniteB] == [0, 1])
    #expect(found.nonfinite == 3)
    #expect(found.largest.isNaN)
    #expect(found.largestIndex == 9000)
  }

  @Test("Infinities of one sign are equal, though their difference is NaN")
  func equalInfinities() {
    let found = difference(.float32, [.infinity, 2], [.infinity, 2])
    #expect([found.equal, found.identical, found.withinOneULP] == [2, 2, 2])
    #expect(found.largest.isNaN)
  }

  @Test("NaN equals nothing, but its bits may be the same")
  func equalNaN() {
    let found = difference(.float32, [.nan, 2], [.nan, 2])
    #expect([found.equal, found.identical, found.withinOneULP] == [1, 2, 1])
  }
}

@Suite struct LargestDifferenceTests {
  @Test(
    "The largest difference is found at its first place", arguments: types,
    [[0], [3], [4095], [4096], [9999], [17, 18], [17, 4096, 9000], [4095, 4096], [8191, 9999]])
  private func firstPlace(dtype: DType, places: [Int]) {
    var b = (0..<10_000).map { $0 % 3 == 0 ? 0.5 : -0.25 }
    for (number, place) in places.enumerated() { b[place] = number % 2 == 0 ? 0.75 : -0.75 }
    let found = difference(dtype, Array(repeating: 0, count: b.count), b)
    #expect(found.largest == 0.75)
    #expect(found.largestIndex == places[0])
  }

  @Test("Of two numbers next to each other the larger wins, wherever it is")
  func adjacentMagnitudes() {
    for base in [1.0, 1.4142135623730951, 1.9999999999999996, 0x1p-500, 3e153] {
      let (small, large) = ([base.nextDown, base], [base, base.nextDown])
      #expect(difference(.float64, [0, 0], small).largestIndex == 1)
      #expect(difference(.float64, [0, 0], large).largestIndex == 0)
      #expect(difference(.float64, [0, 0], small).largest == base)
    }
  }

  @Test("Differences whose squares underflow or overflow are compared all the same")
  func beyondSquares() {
    var b = Array(repeating: 1e-200, count: 5000)
    (b[100], b[4500]) = (2e-200, 3e-200)
    let zeros = Array(repeating: 0.0, count: b.count)
    #expect(difference(.float64, zeros, b).largestIndex == 4500)
    (b[7], b[4999]) = (1e200, 2e200)
    #expect(difference(.float64, zeros, b).largest == 2e200)
    #expect(difference(.float64, zeros, b).largestIndex == 4999)
  }

  @Test("Without any difference the first place is 0")
  func noDifference() {
    let ones = Array(repeating: 1.0, count: 9000)
    #expect(difference(.float32, ones, ones).largestIndex == 0)
    #expect(difference(.float32, ones, ones).largest == 0)
    #expect(difference(.float32, [], []).largestIndex == nil)
  }

  @Test("Equal blocks before one that is left to the plain loop keep the first place at 0")
  func noDifferenceAndOverflow() {
    var values = Array(repeating: 1.0, count: 9000)
    values[8000] = 1e200
    let found = difference(.float64, values, values)
    #expect(found.largest == 0)
    #expect(found.largestIndex == 0)
  }
}

@Suite struct AgreementTests {
  private let leastFloat = Double(Float.leastNonzeroMagnitude)

  @Test("Zeros of both signs are equal and not identical")
  func zeros() {
    for dtype in types {
      let found = difference(dtype, [0, 0, -0.0], [0, -0.0, -0.0])
      #expect([found.identical, found.equal, found.withinOneULP] == [2, 3, 3])
    }
  }

  @Test("A least magnitude is next to both zeros, but not to its opposite")
  func aroundZero() {
    let found = difference(
      .float32, [leastFloat, leastFloat, -leastFloat, leastFloat, 0],
      [0, -0.0, 0, -leastFloat, 2 * leastFloat])
    #expect([found.identical, found.equal, found.withinOneULP] == [0, 0, 3])
  }

  @Test("Across a power of two the step down is half the step up")
  func acrossPowers() {
    let (up, down) = (Double(Float(1).nextUp), Double(Float(1).nextDown))
    let found = difference(.float32, [1, 1, 1, 1], [up, down, 2 * up - 1, 2 * down - 1])
    #expect(found.withinOneULP == 2)
  }

  @Test("x and −x are far apart", arguments: types)
  private func opposite(dtype: DType) {
    #expect(difference(dtype, [1, -2], [-1, 2]).withinOneULP == 0)
  }

  @Test("In mixed types, the coarser one's spacing is what counts, and no bits are the same")
  func mixed() {
    // BF16 has 7 fraction bits: around 1 its spacing is 2^-7.
    let found = difference(
      .float32, [1, 1 + 0x1p-7, 1 + 0x1p-8, 1 - 0x1p-6], [1, 1, 1, 1], .bfloat16)
    #expect([found.identical, found.equal, found.withinOneULP] == [0, 1, 3])
    let swapped = difference(
      .bfloat16, [1, 1, 1, 1], [1, 1 + 0x1p-7, 1 + 0x1p-8, 1 - 0x1p-6], .float32)
    #expect([swapped.identical, swapped.equal, swapped.withinOneULP] == [0, 1, 3])
    #expect(found.squared == swapped.squared)
    #expect(found.plainSum.value == -swapped.plainSum.value)
  }
}
