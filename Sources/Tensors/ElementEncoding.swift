extension DType {
  /// The bits of the element of this type that is nearest to a number, in the low end of the
  /// result.
  ///
  /// Of two that are as near, the one whose last bit is 0 (IEEE 754, roundTiesToEven), subnormal
  /// numbers included. What is beyond the largest number becomes infinite, or NaN in F8_E4M3,
  /// which has no infinities. NaN becomes the positive quiet NaN without payload, so that no
  /// result depends on which of two NaN an addition passes on.
  ///
  /// - Parameter value: any number.
  /// - Returns: as many bits as an element has.
  /// - Precondition: the type is a floating-point one.
  public func bits(nearestTo value: Double) -> UInt64 {
    precondition(isFloatingPoint)
    guard value.isFinite else { return bits(representing: value) }
    let step = spacing(around: value)
    // Steps are powers of two and at most 2^53 of them are counted, so only `rounded` rounds.
    return bits(representing: (value / step).rounded(.toNearestOrEven) * step)
  }

  /// Writes an element; see ``bits(nearestTo:)``.
  ///
  /// - Parameters:
  ///   - value: any number.
  ///   - bytes: takes the element, lowest byte first.
  ///   - offset: where its first byte goes.
  public func store(
    nearestTo value: Double, in bytes: UnsafeMutableRawBufferPointer, at offset: Int
  ) {
    let bits = bits(nearestTo: value)
    switch byteCount {
    case 8: bytes.storeBytes(of: bits, toByteOffset: offset, as: UInt64.self)
    case 4: bytes.storeBytes(of: UInt32(bits), toByteOffset: offset, as: UInt32.self)
    case 2: bytes.storeBytes(of: UInt16(bits), toByteOffset: offset, as: UInt16.self)
    default: bytes[offset] = UInt8(bits)
    }
  }

  /// The bits of a number that this type has, or that is beyond its largest.
  private func bits(representing value: Double) -> UInt64 {
    switch self {
    case .float64: value.isNaN ? 0x7FF8_0000_0000_0000 : value.bitPattern
    case .float32: value.isNaN ? 0x7FC0_0000 : UInt64(Float(value).bitPattern)
    case .bfloat16: value.isNaN ? 0x7FC0 : UInt64(Float(value).bitPattern >> 16)
    case .float16: value.isNaN ? 0x7E00 : UInt64(Float16(value).bitPattern)
    case .float8E5M2: value.isNaN ? 0x7E : UInt64(Float16(value).bitPattern >> 8)
    default: UInt64(DType.bitsOfE4M3(value))
    }
  }

  private static func bitsOfE4M3(_ value: Double) -> UInt8 {
    let sign: UInt8 = value.sign == .minus ? 0x80 : 0
    guard value.magnitude <= 448 else { return value.isNaN ? 0x7F : sign | 0x7F }
    guard value.magnitude >= 0x1p-6 else { return sign | UInt8(value.magnitude * 0x1p9) }
    let exponent = Int(value.exponent) + 7
    return sign | UInt8(exponent << 3) | UInt8((value.significand - 1) * 8)
  }
}
