import Tensors
import Testing

@Suite struct FloatDecodingTests {
  /// The numbers that bytes decode to.
  private func decoded(_ dtype: DType, _ bytes: [UInt8]) -> [Float] {
    var values = [Float](repeating: -1, count: bytes.count / dtype.byteCount)
    values.withUnsafeMutableBufferPointer { target in
      bytes.withUnsafeBytes { dtype.decode($0, into: target) }
    }
    return values
  }

  private func bytes<Value: BitwiseCopyable>(_ values: [Value]) -> [UInt8] {
    values.withUnsafeBytes { Array($0) }
  }

  @Test(
    "Every type decodes to the value that the codec gives, rounded once", arguments: DType.allCases)
  func everyType(dtype: DType) {
    // All codes of one byte at each place of an element.
    let material = (0..<256 * dtype.byteCount).map { UInt8($0 * 37 % 256) }
    let expected = material.withUnsafeBytes { buffer in
      stride(from: 0, to: material.count, by: dtype.byteCount).map {
        Float(dtype.value(in: buffer, at: $0))
      }
    }
    let found = decoded(dtype, material)
    #expect(found.count == 256)
    let wrong = zip(found, expected).filter {
      $0.isNaN ? !$1.isNaN : $0.bitPattern != $1.bitPattern
    }
    #expect(wrong.isEmpty)
  }

  @Test("64-bit integers round once, to nearest")
  func largeIntegers() {
    // Just above the middle of two neighbours, which binary64 cannot tell from the middle.
    let value: Int64 = 1 << 60 + 1 << 36 + 1
    #expect(decoded(.int64, bytes([value, -value])) == [0x1.000002p60, -0x1.000002p60])
    #expect(decoded(.uint64, bytes([UInt64(value), UInt64.max])) == [0x1.000002p60, 0x1p64])
    #expect(decoded(.int64, bytes([Int64.min, 0, 1])) == [-0x1p63, 0, 1])
  }

  @Test("Binary64 rounds to nearest, overflows to infinity and keeps NaN and the sign of zero")
  func doubles() {
    let values = [0.1, 1e300, -1e300, .infinity, -0.0, 1e-300]
    #expect(decoded(.float64, bytes(values)) == values.map { Float($0) })
    #expect(decoded(.float64, bytes([-0.0]))[0].sign == .minus)
    #expect(decoded(.float64, bytes([Double.nan]))[0].isNaN)
  }

  @Test("Bytes need no alignment, and none give nothing", arguments: DType.allCases)
  func alignment(dtype: DType) {
    let material = [UInt8](repeating: 0, count: 1 + 4 * dtype.byteCount)
    var values = [Float](repeating: -1, count: 4)
    values.withUnsafeMutableBufferPointer { target in
      material.withUnsafeBytes { dtype.decode(.init(rebasing: $0[1...]), into: target) }
    }
    #expect(values == [0, 0, 0, 0])
    #expect(decoded(dtype, []).isEmpty)
  }
}
