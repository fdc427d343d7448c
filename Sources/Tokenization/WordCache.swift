/// The ids of words met before.
///
/// Each word has one slot, where it takes the place of any other: memory is fixed, and a question
/// touches one cache line. Words of more than 15 bytes or 4 ids are not kept.
struct WordCache: Sendable {
  /// The bytes of a word, the first lowest, and their number in the highest byte.
  struct Key: Equatable, Sendable {
    var low: UInt64 = 0
    var high: UInt64 = 0
  }

  private struct Slot: Sendable {
    var key = Key()
    /// Filled up with -1.
    var ids = SIMD4<Int32>(repeating: -1)
  }

  private static let bits = 15
  private var slots = [Slot](repeating: Slot(), count: 1 << WordCache.bits)

  /// The key of a word, or `nil` if it is too long to be kept.
  @inline(__always)
  static func key(of word: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> Key? {
    guard word.count <= 15, let base = text.baseAddress else { return nil }
    let start = UnsafeRawPointer(base + word.lowerBound)
    guard word.lowerBound + 16 <= text.count else { return shortKey(of: word, in: text) }
    let low = UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
    let high = UInt64(littleEndian: start.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    let (count, most) = (word.count, UInt64.max)
    // Shifts by 64 and more give 0.
    return Key(
      low: low & ~(most << (8 * count)),
      high: high & ~(most << max(0, 8 * (count - 8))) | UInt64(count) << 56)
  }

  /// The key of a word near the end of the text, where 16 bytes cannot be read.
  private static func shortKey(of word: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> Key {
    var key = Key(low: 0, high: UInt64(word.count) << 56)
    for (index, byte) in text[word].enumerated() {
      if index < 8 {
        key.low |= UInt64(byte) << (8 * index)
      } else {
        key.high |= UInt64(byte) << (8 * (index - 8))
      }
    }
    return key
  }

  /// Appends the ids of a word, if they are known.
  ///
  /// - Returns: whether they are.
  @inline(__always)
  func append(_ key: Key, to result: inout [Int32]) -> Bool {
    let slot = slots[WordCache.place(key)]
    guard slot.key == key else { return false }
    result.append(slot.ids[0])
    for index in 1..<4 where slot.ids[index] >= 0 { result.append(slot.ids[index]) }
    return true
  }

  /// Keeps the ids of a word.
  mutating func insert(_ key: Key, _ ids: ArraySlice<Int32>) {
    guard 1...4 ~= ids.count else { return }
    var slot = Slot(key: key)
    for (index, id) in ids.enumerated() { slot.ids[index] = id }
    slots[WordCache.place(key)] = slot
  }

  /// The multipliers are odd and of no meaning.
  @inline(__always)
  private static func place(_ key: Key) -> Int {
    let mixed = (key.low ^ key.high &* 0xD6E8_FEB8_6659_FD93) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed &>> UInt64(64 - WordCache.bits))
  }
}
