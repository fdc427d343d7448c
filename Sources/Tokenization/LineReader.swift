/// Cuts a stream of bytes into lines, holding no more than one of them and one chunk.
struct LineReader {
  private let path: String
  private let byteLimit: Int
  private let read: () throws -> [UInt8]
  private var chunk: [UInt8] = []
  private var position = 0
  /// The number of the line read last, from 1.
  private(set) var number = 0

  /// Begins at the start of a stream.
  ///
  /// - Parameters:
  ///   - path: the file, for messages.
  ///   - byteLimit: the most bytes a line may have.
  ///   - read: gives the next bytes, none at the end.
  init(path: String, byteLimit: Int, read: @escaping () throws -> [UInt8]) {
    (self.path, self.byteLimit, self.read) = (path, byteLimit, read)
  }

  /// The next line without its end, which is a line feed; `nil` when no bytes are left.
  mutating func next() throws -> [UInt8]? {
    var line: [UInt8] = []
    var hasBytes = false
    number += 1
    while try fill() {
      hasBytes = true
      let end = chunk[position...].firstIndex(of: UInt8(ascii: "\n"))
      try append(chunk[position..<(end ?? chunk.count)], to: &line)
      position = end.map { $0 + 1 } ?? chunk.count
      if end != nil { return line }
    }
    return hasBytes ? line : nil
  }

  /// All that is left.
  mutating func rest() throws -> [UInt8] {
    var rest: [UInt8] = []
    number += 1
    while try fill() {
      try append(chunk[position...], to: &rest)
      position = chunk.count
    }
    return rest
  }

  /// Reads on if need be; returns whether there are bytes.
  private mutating func fill() throws -> Bool {
    if position == chunk.count { (chunk, position) = (try read(), 0) }
    return !chunk.isEmpty
  }

  private func append(_ bytes: ArraySlice<UInt8>, to line: inout [UInt8]) throws {
    guard line.count + bytes.count <= byteLimit else {
      throw TokenizationError(
        .tooLong, in: path, line: number, "a document of more than \(byteLimit) bytes")
    }
    line += bytes
  }
}
