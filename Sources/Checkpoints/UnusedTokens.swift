/// Rows of a token embedding that were reserved and that no text contained.
///
/// BERT's vocabularies hold such entries under the names `[unused0]`, `[unused1]` and so on.
public struct UnusedTokens: Hashable, Sendable {
  /// The rows, ascending.
  public let ranges: [Range<Int>]

  private static let byteLimit = 1 << 26

  /// Reads the `vocab.txt` that lies beside a checkpoint's file; without one there are no rows.
  ///
  /// - Parameter checkpoint: a checkpoint that was opened from a file.
  /// - Throws: ``CheckpointError`` if the file is there and is larger than 64 MiB.
  public init(beside checkpoint: any Checkpoint) throws {
    let found = try companion("vocab.txt", of: checkpoint, limit: UnusedTokens.byteLimit)
    self.init(vocabulary: found?.bytes ?? [])
  }

  /// Finds the entries in a vocabulary of one entry a line.
  init(vocabulary bytes: [UInt8]) {
    var ranges: [Range<Int>] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (row, line) in lines.enumerated() where UnusedTokens.isUnused(line) {
      if let last = ranges.last, last.upperBound == row {
        ranges[ranges.count - 1] = last.lowerBound..<row + 1
      } else {
        ranges.append(row..<row + 1)
      }
    }
    self.ranges = ranges
  }

  private static func isUnused(_ line: ArraySlice<UInt8>) -> Bool {
    let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    let (prefix, suffix) = ("[unused".utf8, "]".utf8)
    guard text.starts(with: prefix), text.last == suffix.first else { return false }
    let number = text.dropFirst(prefix.count).dropLast()
    return !number.isEmpty && number.allSatisfy { (0x30...0x39).contains($0) }
  }
}
