/// The numbers that the bits of one element stand for.
///
/// Every floating-point type is widened exactly. Integers beyond 2^53 round to the nearest
/// double. Sources: IEEE 754-2019; "OCP 8-bit Floating Point Specification", revision 1.0.
extension DType {
  /// The value of the element at a byte offset.
  ///
  /// - Parameters:
  ///   - bytes: little-endian elements, any alignment.
  ///   - offset: the element's first byte.
  /// - Returns: the number, widened.
  @inlinable
  public func value(in bytes: UnsafeRawBufferPointer, at offset: Int) -> Double {
    switch self {
    case .float64: bytes.loadUnaligned(fromByteOffset: offset, as: Double.self)
    case .float32: Double(bytes.loadUnaligned(fromByteOffset: offset, as: Float.self))
    case .float16: Double(bytes.loadUnaligned(fromByteOffset: offset, as: Float16.self))
    case .bfloat16:
      Double(
        Float(
          bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)) << 16))
    case .float8E4M3: DType.valueOfE4M3(bytes[offset])
    case .float8E5M2: Double(Float16(bitPattern: UInt16(bytes[offset]) << 8))
    case .int64: Double(bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
    case .int32: Double(bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
    case .int16: Double(bytes.loadUnaligned(fromByteOffset: offset, as: Int16.self))
    case .int8: Double(bytes.loadUnaligned(fromByteOffset: offset, as: Int8.self))
    case .uint64: Double(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    case .uint32: Double(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    case .uint16: Double(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    case .uint8: Double(bytes[offset])
    case .bool: bytes[offset] == 0 ? 0 : 1
    }
  }

  /// The bits of the element at a byte offset, in the low end of the result.
  @inlinable
  public func bits(in bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
    switch byteCount {
    case 8: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    case 4: UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    case 2: UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    default: UInt64(bytes[offset])
    }
  }

  /// 4 exponent bits with bias 7 and 3 fraction bits; all ones is NaN, and there is no infinity.
  @usableFromInline
  static func valueOfE4M3(_ byte: UInt8) -> Double {
    let sign: Double = byte & 0x80 == 0 ? 1 : -1
    let (exponent, fraction) = (Int(byte >> 3 & 0xF), Double(byte & 7) / 8)
    if byte & 0x7F == 0x7F { return .nan }
    return exponent == 0
      ? sign * fraction * 0x1p-6
      : sign * (1 + fraction) * Double(sign: .plus, exponent: exponent - 7, significand: 1)
  }

  /// The distance between neighbouring values of this type around `value`; 1 for integers.
  ///
  /// - Parameter value: a finite number.
  /// - Returns: a power of two, or 1.
  public func spacing(around value: Double) -> Double {
    guard let format else { return 1 }
    let binade = Double(bitPattern: value.bitPattern & 0x7FF0_0000_0000_0000)
    return max(binade, format.leastNormal) * format.ulpOfOne
  }

  /// The distance from 1 to the next number, and the smallest normal number; `nil` for integers.
  private var format: (ulpOfOne: Double, leastNormal: Double)? {
    switch self {
    case .float64: (0x1p-52, 0x1p-1022)
    case .float32: (0x1p-23, 0x1p-126)
    case .float16: (0x1p-10, 0x1p-14)
    case .bfloat16: (0x1p-7, 0x1p-126)
    case .float8E4M3: (0x1p-3, 0x1p-6)
    case .float8E5M2: (0x1p-2, 0x1p-14)
    default: nil
    }
  }
}
