import TestSupport
import Tensors
import Testing

private let types: [DType] = [
  .float64, .float32, .float16, .bfloat16, .float8E4M3, .float8E5M2,
]

@Suite struct ElementEncodingTests {
  private func value(_ bits: UInt64, _ dtype: DType) -> Double {
    littleEndian(bits).withUnsafeBytes { dtype.value(in: $0, at: 0) }
  }

  /// All bits of the types of one or two bytes.
  private func allBits(_ dtype: DType) -> Range<UInt64> { 0..<(1 << (8 * UInt64(dtype.byteCount))) }

  @Test("Every number that a type has keeps its bits", arguments: types.dropFirst(2))
  func identity(dtype: DType) {
    for bits in allBits(dtype) where !value(bits, dtype).isNaN {
      #expect(dtype.bits(nearestTo: value(bits, dtype)) == bits)
    }
  }

  @Test(
    "Between two neighbours the nearer one is taken, and in the middle the even one",
    arguments: types.dropFirst(2))
  func middles(dtype: DType) {
    let positive = allBits(dtype).prefix(allBits(dtype).count / 2)
    for bits in positive where value(bits + 1, dtype).isFinite && bits + 1 < positive.count {
      let (low, high) = (value(bits, dtype), value(bits + 1, dtype))
      let middle = low + (high - low) / 2
      #expect(dtype.bits(nearestTo: middle) == bits + bits % 2)
      #expect(dtype.bits(nearestTo: middle.nextDown) == bits)
      #expect(dtype.bits(nearestTo: middle.nextUp) == bits + 1)
      let sign = UInt64(1) << (8 * UInt64(dtype.byteCount) - 1)
      #expect(dtype.bits(nearestTo: -middle) == sign | bits + bits % 2)
    }
  }

  @Test("F32 rounds as the processor does, subnormal numbers and overflow included")
  func float32() {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<20_000 {
      let value = Double(bitPattern: random.next())
      let scaled = Double(
        sign: .plus, exponent: Int.random(in: -160...130, using: &random),
        significand: value.significand)
      for number in [value, scaled] where !number.isNaN {
        #expect(DType.float32.bits(nearestTo: number) == UInt64(Float(number).bitPattern))
        #expect(DType.float64.bits(nearestTo: number) == number.bitPattern)
      }
    }
  }

  @Test("Beyond the largest number lies infinity, in F8_E4M3 NaN; NaN has no sign")
  func edges() {
    // Half a step beyond the largest number; the last bit of the largest is 1.
    #expect(DType.float16.bits(nearestTo: 65520) == 0x7C00)
    #expect(DType.float16.bits(nearestTo: (65520.0).nextDown) == 0x7BFF)
    #expect(DType.bfloat16.bits(nearestTo: 0x1.FFp127) == 0x7F80)
    #expect(DType.bfloat16.bits(nearestTo: -1e300) == 0xFF80)
    #expect(DType.float8E4M3.bits(nearestTo: 464) == 0x7E)
    #expect(DType.float8E4M3.bits(nearestTo: 465) == 0x7F)
    #expect(DType.float8E5M2.bits(nearestTo: 61440) == 0x7C)
    for dtype in types {
      #expect(value(dtype.bits(nearestTo: -Double.nan), dtype).isNaN)
      #expect(dtype.bits(nearestTo: -Double.nan) == dtype.bits(nearestTo: Double.nan))
      #expect(dtype.bits(nearestTo: 0x1p-1074) == (dtype == .float64 ? 1 : 0))
    }
  }
}
