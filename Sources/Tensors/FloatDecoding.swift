extension DType {
  /// Decodes elements to binary32.
  ///
  /// F64 and integers round to the nearest; every other type is widened exactly.
  ///
  /// - Parameters:
  ///   - bytes: little-endian elements, any alignment, as many as `target` has room for.
  ///   - target: takes them.
  /// - Precondition: `bytes` holds exactly `target.count` elements.
  public func decode(
    _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(bytes.count == target.count * byteCount)
    switch self {
    case .float32: UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
    case .bfloat16: decode(bytes, UInt16.self, into: target) { Float(bitPattern: UInt32($0) << 16) }
    case .float16: decode(bytes, Float16.self, into: target) { Float($0) }
    // By way of binary64 these would be rounded twice.
    case .int64: decode(bytes, Int64.self, into: target) { Float($0) }
    case .uint64: decode(bytes, UInt64.self, into: target) { Float($0) }
    default:
      for index in target.indices {
        target[index] = Float(value(in: bytes, at: index * byteCount))
      }
    }
  }

  @inline(__always)
  private func decode<Stored: BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _ type: Stored.Type,
    into target: UnsafeMutableBufferPointer<Float>, _ convert: (Stored) -> Float
  ) {
    for index in target.indices {
      let offset = index * MemoryLayout<Stored>.size
      target[index] = convert(bytes.loadUnaligned(fromByteOffset: offset, as: type))
    }
  }
}
