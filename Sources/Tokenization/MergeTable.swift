/// Which pairs of tokens are merged, in which order, and what they become.
///
/// A hash table with open addressing: 16 bytes a slot, at most half of them taken, so that most
/// questions touch one cache line.
struct MergeTable: Sendable {
  /// A pair's rank, smaller first, in the upper half and the merged token's id in the lower.
  typealias Merge = UInt64

  /// What a pair that is not merged has: larger than any merge.
  static let none = Merge.max

  private struct Slot: Sendable {
    var pair = UInt64.max
    var merge = MergeTable.none
  }

  private var slots: [Slot]
  private let shift: UInt64

  /// An empty table.
  ///
  /// - Parameter capacity: how many pairs it will hold at most.
  init(capacity: Int) {
    let bits = max(4, Int.bitWidth - max(capacity, 1).leadingZeroBitCount + 1)
    slots = Array(repeating: Slot(), count: 1 << bits)
    shift = UInt64(64 - bits)
  }

  /// Adds a pair.
  ///
  /// - Returns: whether it was not there before.
  mutating func add(_ left: Int32, _ right: Int32, rank: Int, merged: Int32) -> Bool {
    let slot = place(left, right)
    guard slots[slot].merge == MergeTable.none else { return false }
    slots[slot] = Slot(
      pair: MergeTable.key(left, right),
      merge: UInt64(rank) << 32 | UInt64(UInt32(bitPattern: merged)))
    return true
  }

  /// How a pair is merged, or ``none``.
  @inline(__always)
  func merge(_ left: Int32, _ right: Int32) -> Merge { slots[place(left, right)].merge }

  /// The id of what a pair becomes.
  @inline(__always)
  static func merged(_ merge: Merge) -> Int32 { Int32(truncatingIfNeeded: merge) }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// The slot of a pair, or the free one where it belongs.
  ///
  /// The multiplier is 2^64 divided by the golden ratio (Knuth, TAOCP volume 3, section 6.4).
  @inline(__always)
  private func place(_ left: Int32, _ right: Int32) -> Int {
    let key = MergeTable.key(left, right)
    var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) &>> shift)
    while slots[slot].pair != key && slots[slot].merge != MergeTable.none {
      slot = (slot &+ 1) & (slots.count &- 1)
    }
    return slot
  }
}
