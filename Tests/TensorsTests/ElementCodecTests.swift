import Foundation
import Tensors
import Testing

/// A binary format by its fields, decoded as IEEE 754-2019 section 3.4 says.
private struct Format: CustomTestStringConvertible, Sendable {
  let dtype: DType
  let exponentBits: Int
  let fractionBits: Int
  var hasInfinity = true

  static let small = [
    Format(dtype: .float16, exponentBits: 5, fractionBits: 10),
    Format(dtype: .bfloat16, exponentBits: 8, fractionBits: 7),
    Format(dtype: .float8E5M2, exponentBits: 5, fractionBits: 2),
    Format(dtype: .float8E4M3, exponentBits: 4, fractionBits: 3, hasInfinity: false),
  ]

  var testDescription: String { dtype.rawValue }
  var codeCount: Int { 1 << (1 + exponentBits + fractionBits) }

  func value(of code: Int) -> Double {
    let sign: Double = code < codeCount / 2 ? 1 : -1
    let fraction = code & (1 << fractionBits - 1)
    let exponent = code >> fractionBits & (1 << exponentBits - 1)
    let bias = 1 << (exponentBits - 1) - 1
    if exponent == 1 << exponentBits - 1 {
      if hasInfinity { return fraction == 0 ? sign * .infinity : .nan }
      if fraction == 1 << fractionBits - 1 { return .nan }
    }
    let significand = exponent == 0 ? fraction : fraction + 1 << fractionBits
    return sign * scalbn(Double(significand), max(exponent, 1) - bias - fractionBits)
  }
}

private func decode(_ dtype: DType, _ code: Int) -> Double {
  withUnsafeBytes(of: UInt64(code).littleEndian) { dtype.value(in: $0, at: 0) }
}

/// Equal with the sign of zero; NaN equals NaN.
private func isSame(_ x: Double, _ y: Double) -> Bool {
  x.isNaN ? y.isNaN : x.bitPattern == y.bitPattern
}

@Suite struct ElementCodecTests {
  @Test("Every code has the value that its fields spell", arguments: Format.small)
  private func allCodes(format: Format) {
    let wrong = (0..<format.codeCount).filter { code in
      !isSame(decode(format.dtype, code), format.value(of: code))
    }
    #expect(wrong.isEmpty)
  }

  @Test("16-bit codes have the values that Swift gives them")
  func hardwareTypes() {
    let wrong = (0...UInt16.max).filter { code in
      !isSame(decode(.float16, Int(code)), Double(Float16(bitPattern: code)))
        || !isSame(decode(.bfloat16, Int(code)), Double(Float(bitPattern: UInt32(code) << 16)))
    }
    #expect(wrong.isEmpty)
  }

  @Test("E5M2 is the upper byte of binary16")
  func e5m2() {
    let wrong = (0..<256).filter { code in
      !isSame(decode(.float8E5M2, code), Double(Float16(bitPattern: UInt16(code) << 8)))
    }
    #expect(wrong.isEmpty)
  }

  @Test(
    "E4M3 has the values that its specification lists, in table 1",
    arguments: [
      (0x00, 0.0), (0x01, 0x1p-9), (0x07, 0.875 * 0x1p-6), (0x08, 0x1p-6), (0x38, 1), (0x39, 1.125),
      (0x40, 2), (0x77, 240), (0x78, 256), (0x7E, 448), (0x80, -0.0), (0x81, -0x1p-9), (0xFE, -448),
      (0x7F, .nan), (0xFF, .nan),
    ])
  func e4m3(code: Int, value: Double) { #expect(isSame(decode(.float8E4M3, code), value)) }

  @Test(
    "E5M2 has the values that its specification lists, in table 1",
    arguments: [
      (0x00, 0.0), (0x01, 0x1p-16), (0x03, 0.75 * 0x1p-14), (0x04, 0x1p-14), (0x3C, 1),
      (0x7B, 57344), (0x7C, .infinity), (0xFC, -.infinity), (0x7D, .nan), (0xFF, .nan),
    ])
  func e5m2(code: Int, value: Double) { #expect(isSame(decode(.float8E5M2, code), value)) }

  @Test(
    "Integers are two's complement, and a boolean is any bit",
    arguments: [
      (DType.int8, 0x80, -128.0), (.uint8, 0x80, 128), (.int16, 0xFFFE, -2),
      (.uint16, 0xFFFE, 65534),
      (.int32, 0x8000_0000, -2_147_483_648), (.uint32, 0x8000_0000, 2_147_483_648),
      (.int64, -3, -3), (.uint64, -1, 0x1p64), (.int64, Int.max, 0x1p63), (.bool, 0, 0),
      (.bool, 1, 1), (.bool, 0x80, 1),
    ])
  func integers(dtype: DType, code: Int, value: Double) {
    let found = withUnsafeBytes(of: Int64(code).littleEndian) { dtype.value(in: $0, at: 0) }
    #expect(found == value)
  }

  @Test("Elements may begin at any byte", arguments: DType.allCases)
  func alignment(dtype: DType) {
    let code: [UInt8] = [0x34, 0x12, 0x40, 0x3F, 0x34, 0x12, 0x40, 0x3F]
    let aligned = code.withUnsafeBytes { dtype.value(in: $0, at: 0) }
    for offset in 1...9 {
      let shifted = Array(repeating: 0xAA, count: offset) + code
      #expect(shifted.withUnsafeBytes { dtype.value(in: $0, at: offset) } == aligned)
      let bits = shifted.withUnsafeBytes { dtype.bits(in: $0, at: offset) }
      #expect(bits == 0x3F40_1234_3F40_1234 & UInt64.max >> (64 - 8 * UInt64(dtype.byteCount)))
    }
  }

  @Test(
    "The spacing at a value is the step to the next one away from zero", arguments: Format.small)
  private func spacing(format: Format) {
    let positive = (0..<format.codeCount / 2 - 1).filter { format.value(of: $0 + 1).isFinite }
    let wrong = positive.filter { code in
      let (here, next) = (format.value(of: code), format.value(of: code + 1))
      return format.dtype.spacing(around: here) != next - here
        || format.dtype.spacing(around: -here) != next - here
    }
    #expect(wrong.isEmpty)
    #expect(!positive.isEmpty)
  }

  @Test(
    "The spacing of the wide types is Swift's ulp",
    arguments: [0, 0x1p-149, 0x1p-127, 0x1p-126, 0.1, 1, 1.5, 2, 0x1.fffffep127])
  func wideSpacing(value: Double) {
    #expect(DType.float32.spacing(around: value) == Double(Float(value).ulp))
    #expect(DType.float64.spacing(around: value) == value.ulp)
  }

  @Test("The least double is one spacing away from zero")
  func leastDouble() {
    #expect(DType.float64.spacing(around: 0) == .leastNonzeroMagnitude)
    #expect(DType.float64.spacing(around: .leastNonzeroMagnitude) == .leastNonzeroMagnitude)
  }

  @Test("Integers are 1 apart", arguments: DType.allCases.filter { !$0.isFloatingPoint })
  func integerSpacing(dtype: DType) { #expect(dtype.spacing(around: 100) == 1) }
}
