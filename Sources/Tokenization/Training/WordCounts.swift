/// How often each word occurs in texts, words being cut as for encoding.
///
/// A word of more than ``pieceByteCount`` bytes counts as pieces of that many, so that no token is
/// longer, and a merge need not search a text that is all one word for a few occurrences.
///
/// Memory is that of the distinct words, and 16 to 32 bytes for each.
public struct WordCounts: Sendable {
  /// The most bytes that count as one word.
  public static let pieceByteCount = 1024

  /// The bytes of all words, one after the other, and where each ends.
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var counts: [Int] = []
  /// The index of a word plus one, or 0: open addressing, at most half of the slots taken.
  private var slots = [UInt32](repeating: 0, count: 1 << 12)
  /// How many words were counted, repetitions included.
  public private(set) var occurrenceCount = 0

  /// Nothing counted yet.
  public init() {}

  /// How many distinct words there are.
  public var count: Int { counts.count }

  /// How many bytes the distinct words have.
  var byteCount: Int { bytes.count }

  /// The bytes of a distinct word, numbered as they were first met.
  func word(_ index: Int) -> ArraySlice<UInt8> {
    bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
  }

  /// How often a distinct word occurs.
  func occurrences(of index: Int) -> Int { counts[index] }

  /// Counts the words of one text.
  ///
  /// - Parameter text: any bytes; words do not go beyond its ends.
  /// - Complexity: O(bytes).
  public mutating func add(_ text: [UInt8]) {
    text.withUnsafeBufferPointer { text in
      var words = WordScanner(text)
      while let word = words.next() {
        for first in stride(from: word.lowerBound, to: word.upperBound, by: Self.pieceByteCount) {
          let end = min(first + Self.pieceByteCount, word.upperBound)
          add(UnsafeBufferPointer(rebasing: text[first..<end]))
        }
      }
    }
  }

  private mutating func add(_ word: UnsafeBufferPointer<UInt8>) {
    occurrenceCount += 1
    let slot = place(word)
    guard slots[slot] == 0 else { return counts[Int(slots[slot]) - 1] += 1 }
    bytes += word
    ends.append(bytes.count)
    counts.append(1)
    slots[slot] = UInt32(counts.count)
    if 2 * counts.count > slots.count { grow() }
  }

  /// The slot of a word, or the free one where it belongs.
  ///
  /// The hash is seeded anew in each process, lest a text be made so that its words collide.
  private func place(_ word: UnsafeBufferPointer<UInt8>) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(word))
    var slot = hasher.finalize() & (slots.count - 1)
    while slots[slot] != 0, !self.word(Int(slots[slot]) - 1).elementsEqual(word) {
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: 2 * slots.count)
    for index in counts.indices {
      let slot = bytes.withUnsafeBufferPointer { bytes in
        let first = index == 0 ? 0 : ends[index - 1]
        return place(UnsafeBufferPointer(rebasing: bytes[first..<ends[index]]))
      }
      slots[slot] = UInt32(index + 1)
    }
  }
}
