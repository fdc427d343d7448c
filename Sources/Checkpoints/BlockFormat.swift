/// Forms in which GGUF files keep blocks of quantized elements, by ggml's numbers for them.
///
/// Source: ggml, `ggml-common.h` for the layouts and `ggml-quants.c` for what they stand for; the
/// order of operations, which the bits depend on, is that of gguf-py's `quants.py`.
enum BlockFormat: UInt32 {
  case q4x0 = 2
  case q4x1 = 3
  case q5x0 = 6
  case q5x1 = 7
  case q8x0 = 8
  case q2K = 10
  case q3K = 11
  case q4K = 12
  case q5K = 13
  case q6K = 14

  /// Elements of one block.
  var elementCount: Int {
    switch self {
    case .q4x0, .q4x1, .q5x0, .q5x1, .q8x0: 32
    case .q2K, .q3K, .q4K, .q5K, .q6K: 256
    }
  }

  /// Bytes of one block.
  var byteCount: Int {
    switch self {
    case .q4x0: 18
    case .q4x1: 20
    case .q5x0: 22
    case .q5x1: 24
    case .q8x0: 34
    case .q2K: 84
    case .q3K: 110
    case .q4K: 144
    case .q5K: 176
    case .q6K: 210
    }
  }

  /// The name that ggml has for it.
  var name: String {
    switch self {
    case .q4x0: "Q4_0"
    case .q4x1: "Q4_1"
    case .q5x0: "Q5_0"
    case .q5x1: "Q5_1"
    case .q8x0: "Q8_0"
    case .q2K: "Q2_K"
    case .q3K: "Q3_K"
    case .q4K: "Q4_K"
    case .q5K: "Q5_K"
    case .q6K: "Q6_K"
    }
  }

  /// The numbers that a block stands for, in binary32.
  ///
  /// - Parameters:
  ///   - block: ``byteCount`` bytes.
  ///   - target: takes ``elementCount`` numbers.
  func decode(_ block: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>) {
    switch self {
    case .q4x0, .q4x1, .q5x0, .q5x1, .q8x0: decodeShort(block, into: target)
    case .q2K: decodeQ2K(block, into: target)
    case .q3K: decodeQ3K(block, into: target)
    case .q4K: decodeQ4K(block, into: target)
    case .q5K: decodeQ5K(block, into: target)
    case .q6K: decodeQ6K(block, into: target)
    }
  }

  /// Blocks of 32: a factor, for some a minimum, for some fifth bits, and the numbers.
  private func decodeShort(
    _ block: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>
  ) {
    let (scale, least) = (block.half(0), block.half(2))
    switch self {
    case .q4x0: block.fill(target) { scale * Float(Int32(block.nibble(2, $0)) - 8) }
    case .q4x1: block.fill(target) { scale * Float(block.nibble(4, $0)) + least }
    case .q5x0:
      block.fill(target) { scale * Float(Int32(block.nibble(6, $0) | block.fifthBit(2, $0)) - 16) }
    case .q5x1:
      block.fill(target) { scale * Float(block.nibble(8, $0) | block.fifthBit(4, $0)) + least }
    default: block.fill(target) { Float(Int8(bitPattern: block[2 + $0])) * scale }
    }
  }
}

// MARK: Superblocks of 256

extension BlockFormat {
  /// 16 scales and minima of 4 bits each, 2-bit numbers, and a factor for each kind of scale.
  private func decodeQ2K(
    _ block: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>
  ) {
    let (scale, least) = (block.half(80), block.half(82))
    block.fill(target) { element in
      let packed = block[element / 16]
      return scale * Float(packed & 15) * Float(block.pair(16, element)) - least
        * Float(packed >> 4)
    }
  }

  /// Third bits, 2-bit numbers, 16 scales of 6 bits, and a factor.
  private func decodeQ3K(
    _ block: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>
  ) {
    let scale = block.half(108)
    block.fill(target) { element in
      let group = element / 16
      let low = group < 8 ? block[96 + group] & 15 : block[88 + group] >> 4
      let high = block[104 + group % 4] >> (2 * UInt8(group / 4)) & 3
      // Where the third bit is not set, four is taken off.
      let lacking = ~(block[element % 32] >> UInt8(element / 32)) & 1
      let number = Int(block.pair(32, element)) - Int(lacking) * 4
      return scale * Float(Int(low | high << 4) - 32) * Float(number)
    }
  }

  /// Two factors, 8 scales and minima of 6 bits each, and 4-bit numbers.
  private func decodeQ4K(
    _ block: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>
  ) {
    let (scale, least) = (block.half(0), block.half(2))
    block.fill(target) { element in
      let (factor, minimum) = block.sixBits(4, group: element / 32)
      return scale * Float(factor) * Float(block.longNibble(16, element)) - least * Float(minimum)
    }
  }

  /// As Q4_K, with fifth bits.
  private func decodeQ5K(
    _ block: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>
  ) {
    let (scale, least) = (block.half(0), block.half(2))
    block.fill(target) { element in
      let (factor, minimum) = block.sixBits(4, group: element / 32)
      let fifth = (block[16 + element % 32] >> UInt8(element / 32) & 1) << 4
      let number = block.longNibble(48, element) | fifth
      return scale * Float(factor) * Float(number) - least * Float(minimum)
    }
  }

  /// 4 low bits, 2 high bits, 16 scales of 8 bits, and a factor.
  private func decodeQ6K(
    _ block: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>
  ) {
    let scale = block.half(208)
    block.fill(target) { element in
      let low = block[element / 128 * 64 + element % 64] >> (element % 128 < 64 ? 0 : 4) & 15
      let number = Int(low | block.pair(128, element) << 4) - 32
      return scale * Float(Int8(bitPattern: block[192 + element / 16])) * Float(number)
    }
  }
}

// MARK: Bits

extension UnsafeRawBufferPointer {
  @inline(__always)
  fileprivate func fill(
    _ target: UnsafeMutableBufferPointer<Float>, _ number: (Int) -> Float
  ) {
    for element in target.indices { target[element] = number(element) }
  }

  @inline(__always)
  fileprivate func half(_ offset: Int) -> Float {
    Float(loadUnaligned(fromByteOffset: offset, as: Float16.self))
  }

  /// Of 32 elements, the first 16 have the low halves of bytes and the others the high ones.
  @inline(__always)
  fileprivate func nibble(_ offset: Int, _ element: Int) -> UInt8 {
    self[offset + element % 16] >> (element < 16 ? 0 : 4) & 15
  }

  @inline(__always)
  fileprivate func fifthBit(_ offset: Int, _ element: Int) -> UInt8 {
    (self[offset + element / 8] >> UInt8(element % 8) & 1) << 4
  }

  /// Of each 64 elements, the first 32 have the low halves of bytes and the others the high ones.
  @inline(__always)
  fileprivate func longNibble(_ offset: Int, _ element: Int) -> UInt8 {
    self[offset + element / 64 * 32 + element % 32] >> (element % 64 < 32 ? 0 : 4) & 15
  }

  /// Of each 128 elements, 32 share a byte's two lowest bits, 32 the next two, and so on.
  @inline(__always)
  fileprivate func pair(_ offset: Int, _ element: Int) -> UInt8 {
    self[offset + element / 128 * 32 + element % 32] >> UInt8(element % 128 / 32 * 2) & 3
  }

  /// The scale and the minimum of one of 8 groups, packed into 12 bytes.
  @inline(__always)
  fileprivate func sixBits(_ offset: Int, group: Int) -> (scale: UInt8, minimum: UInt8) {
    let (first, second) = (self[offset + group % 4], self[offset + 4 + group % 4])
    guard group >= 4 else { return (first & 63, second & 63) }
    let third = self[offset + 4 + group]
    return (third & 15 | first >> 2 & 48, third >> 4 | second >> 2 & 48)
  }
}
