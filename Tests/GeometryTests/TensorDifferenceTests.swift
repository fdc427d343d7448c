import Tensors
import TestSupport
import Testing

@testable import Geometry

@Suite struct TensorDifferenceTests {
  private let example = difference(.float32, [3, 0, 4], [0, 0, 0])

  @Test("Norms of a right triangle")
  func norms() {
    #expect(example.normA == 5)
    #expect(example.normB == 0)
    #expect(example.l2 == 5)
    #expect(example.relative == 1)
    #expect(example.cosine.isNaN)
    #expect(example.rootMeanSquare == (25.0 / 3).squareRoot())
    #expect(example.mean == -7.0 / 3)  // of B − A
    #expect(example.largest == 4)
    #expect(example.largestIndex == 2)
  }

  @Test("Over no elements there is no mean, and no largest")
  func empty() {
    let empty = TensorDifference()
    #expect(empty.rootMeanSquare.isNaN)
    #expect(empty.mean.isNaN)
    #expect(empty.cosine.isNaN)
    #expect(empty.relative.isNaN)
    #expect(empty.largestIndex == nil)
    #expect(empty.l2 == 0)
  }

  @Test("Relative to zero, all is infinite and nothing is NaN")
  func relativeToZero() {
    #expect(difference(.float32, [0, 0], [1, 0]).relative == .infinity)
    #expect(difference(.float32, [0, 0], [0, 0]).relative.isNaN)
  }

  @Test("Parallel, opposite and orthogonal tensors have cosines 1, −1 and 0")
  func cosines() {
    #expect(difference(.float32, [1, 2, 2], [2, 4, 4]).cosine == 1)
    #expect(difference(.float32, [1, 2, 2], [-1, -2, -2]).cosine == -1)
    #expect(difference(.float32, [1, 1], [1, -1]).cosine == 0)
  }

  @Test("No cosine exceeds 1 by rounding")
  func cosineIsBounded() {
    for seed in 0..<50 as Range<UInt64> {
      let (a, _) = Material.ordinary.pair(.float32, count: 37, seed: seed)
      let found = withElements(.float32, a, a) { TensorDifference.measured($0, $1) }
      #expect(found.cosine <= 1)
      #expect(found.cosine > 1 - 1e-15)
    }
  }

  @Test("The mean of no difference is +0, so that no table says -0")
  func meanOfNoDifference() {
    #expect(difference(.float32, [1, 2], [1, 2]).mean.sign == .plus)
  }

  @Test(
    "Integers are compared as numbers", arguments: DType.allCases.filter { !$0.isFloatingPoint })
  func integers(dtype: DType) {
    let top = dtype == .bool ? 1.0 : 5
    let found = difference(dtype, [0, 1, top], [1, 1, 0])
    #expect(found.squared == 1 + top * top)
    #expect(found.product == 1)
    #expect([found.identical, found.equal] == [1, 1])
    #expect(found.withinOneULP == (dtype == .bool ? 3 : 2))
    #expect(found.largestIndex == (dtype == .bool ? 0 : 2))
  }

  @Test("Negative integers keep their sign, and large ones round to doubles")
  func wideIntegers() {
    #expect(difference(.int8, [-128], [127]).largest == 255)
    #expect(difference(.int64, [-5], [3]).mean == 8)
    let large = [Int64.max, Int64.max - 1].map { littleEndian($0) }
    let found = withElements(.int64, large[0], large[1]) { TensorDifference.measured($0, $1) }
    #expect([found.identical, found.equal] == [0, 1])
  }

  @Test("Both 8-bit types are compared")
  func eightBits() {
    // 1, 2, NaN, −448 in E4M3.
    let found = withElements(.float8E4M3, [0x38, 0x40, 0x7F, 0xFE], [0x39, 0x40, 0, 0]) {
      TensorDifference.measured($0, $1)
    }
    #expect([found.identical, found.equal, found.withinOneULP, found.nanA] == [1, 1, 2, 1])
    // 1 and infinity in E5M2, with 1.25 and 0.
    let coarse = withElements(.float8E5M2, [0x3C, 0x7C], [0x3D, 0]) {
      TensorDifference.measured($0, $1)
    }
    #expect([coarse.infiniteA, coarse.withinOneULP] == [1, 1])
    #expect(coarse.largest == .infinity)
  }

  @Test("Merging takes in what comes later, and the earlier of equal differences stays")
  func merging() {
    var first = difference(.float32, [1, 2], [2, 2])
    var later = TensorDifference()
    withElements(.float32, DType.float32.encoded(5), DType.float32.encoded(6)) {
      later.add($0, $1, at: 4096)
    }
    first.merge(later)
    #expect(first.count == 3)
    #expect(first.squared == 2)
    #expect(first.largestIndex == 0)
    var empty = TensorDifference()
    empty.merge(later)
    #expect(empty.figures == later.figures)
    empty.merge(TensorDifference())
    #expect(empty.figures == later.figures)
  }

  @Test("The first NaN is the largest, and a later one does not move it")
  func firstNaN() {
    #expect(difference(.float32, [1, .nan, 3, .nan], [9, 0, 0, 0]).largestIndex == 1)
    #expect(difference(.int8, [1], [2], .float32).largestIndex == 0)
  }
}

/// The sums against sums without any rounding error.
@Suite struct DifferenceAccuracyTests {
  /// Lanes of 512 additions round by 512·2^-53, some 6e-14; all else is compensated.
  private let tolerance = 1e-12

  @Test(
    "Sums are exact to 1e-12 of the sum of magnitudes",
    arguments: [DType.float32, .float64, .float16, .bfloat16], [9, 4097, 70001])
  func sums(dtype: DType, length: Int) {
    for material in [Material.ordinary, .near, .opposite, .subnormals]
    where material != .subnormals || dtype != .float64 {
      let (a, b) = material.pair(dtype, count: length, seed: 11)
      withElements(dtype, a, b) { check($0, $1) }
    }
  }

  @Test("So are those of two types")
  func mixed() {
    let (a, _) = Material.ordinary.pair(.float32, count: 5001, seed: 2)
    let (_, b) = Material.ordinary.pair(.bfloat16, count: 5001, seed: 3)
    withElements(.float32, a, b, .bfloat16) { check($0, $1) }
  }

  private func check(_ a: Elements, _ b: Elements) {
    var (squared, product, plain) = (ExactSum(), ExactSum(), ExactSum())
    var (squaredA, squaredB) = (ExactSum(), ExactSum())
    var (productMagnitude, plainMagnitude) = (0.0, 0.0)
    for index in 0..<a.count {
      let (x, y) = (a.value(at: index), b.value(at: index))
      squared.add(squareOf: x, minus: y)
      product.add(x, times: y)
      squaredA.add(x, times: x)
      squaredB.add(y, times: y)
      plain.add(x)
      plain.add(-y)
      productMagnitude += (x * y).magnitude
      plainMagnitude += (x - y).magnitude
    }
    let found = TensorDifference.measured(a, b)
    #expect((found.squared - squared.value).magnitude <= tolerance * squared.value)
    #expect((found.squaredA - squaredA.value).magnitude <= tolerance * squaredA.value)
    #expect((found.squaredB - squaredB.value).magnitude <= tolerance * squaredB.value)
    #expect((found.product - product.value).magnitude <= tolerance * productMagnitude)
    #expect((found.plainSum.value - plain.value).magnitude <= tolerance * plainMagnitude)
  }
}

@Suite struct CompensatedSumTests {
  private func sum(_ terms: [Double]) -> Double {
    terms.reduce(into: CompensatedSum()) { $0 += $1 }.value
  }

  @Test("What plain addition loses is kept")
  func compensation() {
    #expect(sum([1, 1e100, 1, -1e100]) == 2)
    #expect(sum(Array(repeating: 0.1, count: 10)) == 1)
    #expect(sum([]) == 0)
  }

  @Test("Random terms of all sizes sum to the rounded exact sum, within one unit")
  func random() {
    var generator = SeededGenerator(seed: 7)
    let terms = (0..<10_000).map { index in
      Double.random(in: -1...1, using: &generator)
        * Double(sign: .plus, exponent: index % 60 - 30, significand: 1)
    }
    let exact = terms.reduce(into: ExactSum()) { $0.add($1) }.value
    #expect((sum(terms) - exact).magnitude <= exact.ulp)
  }

  @Test("Sums of parts lose nothing either")
  func parts() {
    var whole = CompensatedSum()
    for part in [[1, 1e100], [1, -1e100], [1e-20]] {
      whole += part.reduce(into: CompensatedSum()) { $0 += $1 }
    }
    #expect(whole.value == 2)
  }

  @Test("Infinite and NaN terms have the last word")
  func nonfinite() {
    #expect(sum([1, .infinity, 1]) == .infinity)
    #expect(sum([1, -.infinity, 1e308]) == -.infinity)
    #expect(sum([.infinity, -.infinity]).isNaN)
    #expect(sum([1, .nan, 1]).isNaN)
    #expect(sum([1e308, 1e308]) == .infinity)
  }
}
