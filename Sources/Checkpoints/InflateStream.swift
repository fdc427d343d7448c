import CZlib

/// Bytes that were compressed by Deflate, from the first to the last.
///
/// Source: RFC 1951, "DEFLATE Compressed Data Format".
final class InflateStream {
  /// What is wrong with the compressed bytes.
  struct Fault: Error {
    let detail: String
  }

  /// No input of Deflate gives more bytes for one of its own.
  static let largestRatio = 1032

  private let file: InputFile
  private var remaining: Range<Int>
  private let stream: UnsafeMutablePointer<z_stream>
  private var input: [UInt8] = []
  private var isAtEnd = false

  private static let inputLength = 1 << 16

  /// Begins a stream.
  ///
  /// - Parameters:
  ///   - file: the file that holds it.
  ///   - range: its bytes within the file.
  /// - Throws: ``Fault`` if there is no memory for it.
  init(_ file: InputFile, _ range: Range<Int>) throws {
    (self.file, remaining) = (file, range)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // Negative: without the header and checksum that zlib puts around Deflate.
    let status = inflateInit2_(
      stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw Fault(detail: "zlib cannot begin: status \(status)") }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Takes the next bytes of the content.
  ///
  /// - Parameter target: is filled.
  /// - Throws: ``Fault`` if the content ends before, or the compressed bytes are damaged.
  func read(into target: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < target.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...].prefix(1 << 30))
      let count = try step(into: rest)
      guard count > 0 || !isAtEnd else {
        throw Fault(detail: "its compressed bytes hold fewer than its header says")
      }
      done += count
    }
  }

  /// Checks that nothing follows what was read.
  func finish() throws {
    var byte: UInt8 = 0
    while !isAtEnd {
      let count = try withUnsafeMutableBytes(of: &byte) { try step(into: $0) }
      guard count == 0 else {
        throw Fault(detail: "its compressed bytes hold more than its header says")
      }
    }
    guard remaining.isEmpty, stream.pointee.avail_in == 0 else {
      throw Fault(detail: "bytes follow the end of its compressed ones")
    }
  }

  /// Decompresses once, and says how many bytes came of it.
  private func step(into target: UnsafeMutableRawBufferPointer) throws -> Int {
    guard !isAtEnd else { return 0 }
    if stream.pointee.avail_in == 0, !remaining.isEmpty {
      let taken = remaining.prefix(InflateStream.inputLength)
      input = try file.copy(taken)
      remaining = taken.upperBound..<remaining.upperBound
      stream.pointee.avail_in = UInt32(input.count)
    }
    let before = stream.pointee.avail_in
    let status = input.withUnsafeMutableBufferPointer { input in
      stream.pointee.next_in = input.baseAddress?.advanced(by: input.count - Int(before))
      stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(target.count)
      return inflate(stream, Z_NO_FLUSH)
    }
    let count = target.count - Int(stream.pointee.avail_out)
    isAtEnd = status == Z_STREAM_END
    guard status == Z_OK || status == Z_STREAM_END else {
      throw Fault(
        detail: status == Z_BUF_ERROR
          ? "its compressed bytes end too early" : "its compressed bytes are damaged")
    }
    return count
  }
}
