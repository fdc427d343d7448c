/// The lines of a text without their ends, one at a time.
///
/// `split` would make an array of all, many times the size of a file that is nothing but line ends.
/// What follows the last line's end is no line if it is empty.
struct ByteLines: Sequence, IteratorProtocol {
  private let bytes: [UInt8]
  private var position = 0

  /// Begins with the first byte.
  ///
  /// - Parameter bytes: lines that end in `\n` or `\r\n`.
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() -> ArraySlice<UInt8>? {
    guard position < bytes.count else { return nil }
    let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    defer { position = end + 1 }
    let line = bytes[position..<end]
    return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
  }
}
