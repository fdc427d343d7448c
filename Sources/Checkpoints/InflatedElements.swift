import Tensors

/// The elements of a tensor that is compressed by Deflate.
///
/// Deflate is read from the front. Elements that are asked for in the order they lie in take one
/// pass, in pieces of a megabyte of which the last are kept for other threads. One who turns back,
/// or asks for another order, gets the tensor as a whole, which is decompressed once without
/// keeping anything first, so that a damaged one takes no memory.
final class InflatedElements: EncodedElements {
  let byteCount: Int

  private let file: InputFile
  private let name: TensorName
  private let stored: Range<Int>
  /// Bytes of the content before the elements.
  private let headerLength: Int
  private let pieces: DecodedPieces
  // Touched only within the lock of `pieces`.
  nonisolated(unsafe) private var stream: InflateStream?
  nonisolated(unsafe) private var nextPiece = 0
  nonisolated(unsafe) private var isVerified = false

  private static let pieceLength = 1 << 20

  /// Creates the elements of one tensor.
  ///
  /// - Parameters:
  ///   - name: the tensor.
  ///   - file: the file that holds the compressed bytes.
  ///   - stored: where in the file they are.
  ///   - headerLength: bytes before the elements.
  ///   - byteCount: bytes of the elements, after which the content ends.
  ///   - pieces: what all tensors of the file share.
  init(
    name: TensorName, file: InputFile, stored: Range<Int>, headerLength: Int, byteCount: Int,
    pieces: DecodedPieces
  ) {
    (self.name, self.file, self.stored) = (name, file, stored)
    (self.headerLength, self.byteCount, self.pieces) = (headerLength, byteCount, pieces)
  }

  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws {
    var position = range.lowerBound
    while position < range.upperBound {
      let index = position / InflatedElements.pieceLength
      let (bytes, start) = try piece(index)
      let end = min(range.upperBound, start + bytes.count)
      let place = UnsafeMutableRawBufferPointer(rebasing: target[(position - range.lowerBound)...])
      place.copyBytes(from: bytes[position - start..<end - start])
      position = end
    }
  }

  func whole() throws -> [UInt8] {
    try pieces.withLock { try whole(&$0) }
  }

  /// The bytes that hold a piece, and where they begin.
  private func piece(_ index: Int) throws -> (bytes: [UInt8], start: Int) {
    try pieces.withLock { held in
      if let all = held.bytes(key(nil)) { return (all, 0) }
      let start = index * InflatedElements.pieceLength
      if let bytes = held.bytes(key(index)) { return (bytes, start) }
      if index < nextPiece {
        guard byteCount > DecodedPieces.wholeLimit else { return (try whole(&held), 0) }
        (stream, nextPiece) = (nil, 0)
      }
      var bytes: [UInt8] = []
      while nextPiece <= index {
        bytes = try decodeNext()
        held.insert(bytes, for: key(nextPiece - 1))
      }
      return (bytes, start)
    }
  }

  private func key(_ piece: Int?) -> DecodedPieces.Key {
    .init(owner: ObjectIdentifier(self), piece: piece)
  }

  private func decodeNext() throws -> [UInt8] {
    let start = nextPiece * InflatedElements.pieceLength
    let count = min(InflatedElements.pieceLength, byteCount - start)
    return try locating {
      let stream = try self.stream ?? begin()
      let bytes = try take(count, from: stream)
      let isLast = start + count == byteCount
      if isLast { try stream.finish() }
      self.stream = isLast ? nil : stream
      nextPiece += 1
      isVerified = isVerified || isLast
      return bytes
    }
  }

  private func whole(_ held: inout DecodedPieces.State) throws -> [UInt8] {
    if let bytes = held.bytes(key(nil)) { return bytes }
    guard byteCount <= DecodedPieces.wholeLimit else {
      throw CheckpointError(
        .unsupported, in: file.path, tensor: name,
        "\(byteCount) compressed bytes are too many to be read in another order than they lie in; "
          + "save it uncompressed")
    }
    return try locating {
      if !isVerified { try verify() }
      let bytes = try take(byteCount, from: begin())
      held.insert(bytes, for: key(nil))
      return bytes
    }
  }

  private func verify() throws {
    let stream = try begin()
    for start in stride(from: 0, to: byteCount, by: InflatedElements.pieceLength) {
      _ = try take(min(InflatedElements.pieceLength, byteCount - start), from: stream)
    }
    try stream.finish()
    isVerified = true
  }

  private func begin() throws -> InflateStream {
    let stream = try InflateStream(file, stored)
    _ = try take(headerLength, from: stream)
    return stream
  }

  private func take(_ count: Int, from stream: InflateStream) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      try stream.read(into: UnsafeMutableRawBufferPointer(buffer))
      filled = count
    }
  }

  private func locating<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let fault as InflateStream.Fault {
      throw CheckpointError(.malformed, in: file.path, tensor: name, fault.detail)
    }
  }
}
