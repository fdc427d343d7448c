/// The parts of a tensor's name between its dots, as bytes.
///
/// Bytes rather than characters: names are equal only if their bytes are, and a name is taken
/// apart for every tensor of a checkpoint.
struct NameComponents {
  private let bytes: [UInt8]
  private let ranges: [Range<Int>]

  /// Splits a name at each dot; there is always a component, which may be empty.
  init(_ text: String) {
    bytes = Array(text.utf8)
    var (ranges, start) = ([Range<Int>](), 0)
    ranges.reserveCapacity(8)
    for position in bytes.indices where bytes[position] == UInt8(ascii: ".") {
      ranges.append(start..<position)
      start = position + 1
    }
    self.ranges = ranges + [start..<bytes.count]
  }

  var indices: Range<Int> { ranges.indices }

  /// The name from a component to its end; empty after the last.
  func text(from index: Int) -> String {
    index < ranges.count
      ? String(decoding: bytes[ranges[index].lowerBound...], as: UTF8.self) : ""
  }

  /// Whether a component is this word.
  func isWord(_ index: Int, _ word: StaticString) -> Bool {
    ranges[index].count == word.utf8CodeUnitCount && begins(index, with: word)
  }

  /// Whether a component begins with this word.
  func begins(_ index: Int, with word: StaticString) -> Bool {
    bytes[ranges[index]].starts(
      with: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
  }

  /// A component of ASCII digits as a number, or `nil` if it is none that an `Int` can hold.
  func number(_ index: Int) -> Int? {
    guard !ranges[index].isEmpty else { return nil }
    var value = 0
    for byte in bytes[ranges[index]] {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return value
  }

  /// Whether a lower-case ASCII word occurs in the last `length` bytes of a component, in either
  /// case.
  func mentions(_ word: [UInt8], in index: Int, last length: Int = .max) -> Bool {
    let range = ranges[index].suffix(length)
    guard range.count >= word.count else { return false }
    return (range.lowerBound...range.upperBound - word.count).contains { start in
      word.indices.allSatisfy { bytes[start + $0] | 0x20 == word[$0] | 0x20 }
    }
  }
}
