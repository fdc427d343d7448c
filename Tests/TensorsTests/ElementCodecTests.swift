import Tensors
import Testing

@Suite struct ElementCodecTests {
  @Test("Every half-precision code means what the hardware says")
  func half() {
    for code in UInt16.min...UInt16.max {
      let expected = Double(Float16(bitPattern: code))
      withUnsafeBytes(of: code) { bytes in
        let value = DType.float16.value(in: bytes, at: 0)
        #expect(value == expected || (value.isNaN && expected.isNaN))
      }
    }
  }

  @Test("A bfloat16 is the upper half of a float")
  func brain() {
    for code in UInt16.min...UInt16.max {
      let expected = Double(Float(bitPattern: UInt32(code) << 16))
      withUnsafeBytes(of: code) { bytes in
        let value = DType.bfloat16.value(in: bytes, at: 0)
        #expect(value == expected || (value.isNaN && expected.isNaN))
      }
    }
  }

  @Test(
    "E4M3 has no infinity, its largest number is 448, its smallest 2^-9",
    arguments: [
      (0x00, 0.0), (0x01, 0x1p-9), (0x07, 7 * 0x1p-9), (0x08, 0x1p-6), (0x38, 1.0), (0x39, 1.125),
      (0x7E, 448.0), (0xBC, -1.5), (0x78, 256.0),
    ])
  func e4m3(code: UInt8, expected: Double) {
    withUnsafeBytes(of: code) { #expect(DType.float8E4M3.value(in: $0, at: 0) == expected) }
  }

  @Test("E4M3's codes of all ones are NaN", arguments: [UInt8(0x7F), 0xFF])
  func e4m3NaN(code: UInt8) {
    withUnsafeBytes(of: code) { #expect(DType.float8E4M3.value(in: $0, at: 0).isNaN) }
  }

  @Test("E5M2 is the upper byte of a half")
  func e5m2() {
    for code in UInt8.min...UInt8.max {
      let expected = Double(Float16(bitPattern: UInt16(code) << 8))
      withUnsafeBytes(of: code) { bytes in
        let value = DType.float8E5M2.value(in: bytes, at: 0)
        #expect(value == expected || (value.isNaN && expected.isNaN))
      }
    }
  }

  @Test("The spacing of a type is the unit in the last place of its numbers")
  func spacing() {
    for value in [1.0, 1.5, 3, -0.1, 1e-30, 1e30] {
      #expect(DType.float32.spacing(around: Double(Float(value))) == Double(Float(value).ulp))
      #expect(DType.float64.spacing(around: value) == value.ulp)
    }
    #expect(DType.float32.spacing(around: 0) == Double(Float.leastNonzeroMagnitude))
    #expect(DType.bfloat16.spacing(around: 1) == 0x1p-7)
    #expect(DType.int8.spacing(around: 100) == 1)
  }
}
