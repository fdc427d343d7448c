import Tensors
import Testing

@testable import Geometry

@Suite struct DifferenceKernelsTests {
  private static let lengths = [0, 1, 7, 8, 9, 4095, 4096, 4097, 9001]

  /// Random bits of finite numbers, every tenth pair equal or adjacent, with zeros and tiny ones.
  private func sample(_ dtype: DType, _ count: Int) -> (a: [UInt8], b: [UInt8]) {
    var random = SplitMix(state: UInt64(count) + 17)
    var (a, b) = ([UInt8](), [UInt8]())
    for index in 0..<count {
      let x = finite(dtype, random.next())
      let y = index % 10 == 0 ? neighbour(x, index / 10) : finite(dtype, random.next())
      withUnsafeBytes(of: x.littleEndian) { a += $0.prefix(dtype.byteCount) }
      withUnsafeBytes(of: y.littleEndian) { b += $0.prefix(dtype.byteCount) }
    }
    return (a, b)
  }

  /// Numbers near 1 of either sign, some of them zero or subnormal.
  private func finite(_ dtype: DType, _ bits: UInt64) -> UInt64 {
    let (sign, pick) = (bits >> 63, bits >> 59 & 15)
    let (exponent, fraction): (UInt64, UInt64) =
      switch dtype {
      case .float64: (1020, 52)
      case .float32: (124, 23)
      case .bfloat16: (124, 7)
      default: (13, 10)
      }
    let magnitude =
      pick == 0
      ? bits & 1 : (exponent + (bits >> 55 & 3)) << fraction | bits & ((1 << fraction) - 1)
    return sign << UInt64(8 * dtype.byteCount - 1) | magnitude
  }

  private func neighbour(_ bits: UInt64, _ choice: Int) -> UInt64 {
    choice % 3 == 0 ? bits : choice % 3 == 1 ? bits &+ 1 : bits ^ 1
  }

  @Test(
    "The fast loops give the bits of the plain one",
    arguments: [DType.float32, .float64, .float16, .bfloat16], lengths)
  func twin(dtype: DType, count: Int) {
    let (a, b) = sample(dtype, count)
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in
        let (x, y) = (Elements(dtype, a), Elements(dtype, b))
        var (fast, plain) = (TensorDifference(), TensorDifference())
        fast.add(x, y, at: 0)
        for first in stride(from: 0, to: count, by: 4096) {
          let block = first..<min(first + 4096, count)
          plain.addPlainly(x[block], y[block], at: first)
        }
        #expect(fast == plain)
        #expect(fast.count == count)
      }
    }
  }

  @Test("Sums of a block are within 1e-12 of the correctly rounded ones")
  func accuracy() {
    let (a, b) = sample(.float32, 9001)
    var (squared, product, plain) = (ExactSum(), ExactSum(), ExactSum())
    var (result, magnitude) = (TensorDifference(), 0.0)
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in
        let (x, y) = (Elements(.float32, a), Elements(.float32, b))
        result.add(x, y, at: 0)
        for index in 0..<x.count {
          let (p, q) = (x.value(at: index), y.value(at: index))
          squared.addProduct(p - q, p - q)
          product.addProduct(p, q)
          plain.add(p - q)
          magnitude += (p * q).magnitude
        }
      }
    }
    #expect((result.squared - squared.value).magnitude <= 1e-12 * squared.value)
    #expect((result.product - product.value).magnitude <= 1e-12 * magnitude)
    #expect((result.mean * 9001 + plain.value).magnitude <= 1e-12 * magnitude)
  }

  private func compare(_ a: [Float], _ b: [Float]) -> TensorDifference {
    var result = TensorDifference()
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in result.add(Elements(.float32, a), Elements(.float32, b), at: 0) }
    }
    return result
  }

  @Test("Bit-identical, equal and within one ULP are three things")
  func agreement() {
    let tiny = Float.leastNonzeroMagnitude
    let result = compare(
      [1, 0, 1, tiny, tiny, 5, 1], [1, -0.0, Float(1).nextUp, 0, -tiny, -5, Float(1).nextUp.nextUp])
    #expect(result.identical == 1)
    #expect(result.equal == 2)
    #expect(result.withinOneULP == 4)
  }

  @Test("The first of the largest differences is found, in whichever block it lies")
  func largest() {
    var (a, b) = ([Float](repeating: 1, count: 20_000), [Float](repeating: 1, count: 20_000))
    (b[13_000], b[13_001], a[17_000]) = (-6, -6, 8)
    let result = compare(a, b)
    #expect(result.largest == 7)
    #expect(result.largestIndex == 13_000)
  }

  @Test("NaN and infinities are counted, equal nothing, and show in the sums")
  func nonfinite() {
    let result = compare([.nan, .infinity, 1, .nan, 2], [.nan, .infinity, .infinity, 3, 2])
    #expect([result.nanA, result.nanB, result.infiniteA, result.infiniteB] == [2, 1, 1, 2])
    #expect(result.equal == 2)  // the infinities and the twos
    #expect(result.l2.isNaN)
    #expect(result.largest.isNaN)
    #expect(result.largestIndex == 0)
  }

  @Test("Differences of doubles whose squares underflow are found all the same")
  func underflow() {
    var result = TensorDifference()
    let (a, b) = ([1e-300, 0.0], [1e-300, 3e-200])
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in result.add(Elements(.float64, a), Elements(.float64, b), at: 0) }
    }
    #expect(result.largest == 3e-200)
    #expect(result.largestIndex == 1)
  }

  @Test("Elements of different types are compared by value")
  func mixed() {
    var result = TensorDifference()
    let (a, b): ([Float], [UInt16]) = ([1, 1.001, -2, 3], [0x3F80, 0x3F80, 0xC000, 0x4000])
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in result.add(Elements(.float32, a), Elements(.bfloat16, b), at: 0) }
    }
    #expect(result.identical == 0)
    #expect(result.equal == 2)
    #expect(result.withinOneULP == 3)  // 1.001 rounds to the BF16 number 1
    #expect(result.largest == 1)
  }
}
